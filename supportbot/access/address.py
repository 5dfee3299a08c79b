"""Where the console is opened: the address that a link of sign-in begins with."""

from __future__ import annotations

from supportbot.config import Settings
from supportbot.origins import is_loopback

CONSOLE_PATH = "/console"
SIGN_IN_PATH = f"{CONSOLE_PATH}/sign-in"


def sign_in_path(secret: str) -> str:
    """Return the path of a link."""
    return f"{SIGN_IN_PATH}?token={secret}"


def console_origin(settings: Settings, port: int = 0) -> str:
    """Return the origin under which the console is opened; empty if that is not known.

    Args:
        settings: of the daemon.
        port: of its page, where the settings leave it to the machine.
    """
    if settings.install_origin and not settings.console_port:
        return settings.install_origin
    chosen = settings.console_port or settings.web_port or port
    host = settings.web_host if is_loopback(settings.web_host) else "127.0.0.1"
    if not chosen:
        return ""
    return f"http://[{host}]:{chosen}" if ":" in host else f"http://{host}:{chosen}"

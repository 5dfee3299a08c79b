"""Web origins: under which addresses people open the page, and whether only this machine can.

An origin is a scheme and a host, perhaps with a port, as a browser sends it. The page itself speaks plain HTTP, so
where people use https there is a proxy before it.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from supportbot.errors import ConfigError

_SHAPE = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_origins(text: str) -> tuple[str, ...]:
    """Return the origins of a setting, separated by commas there, as browsers write them.

    Raises:
        ConfigError: one is malformed.
    """
    return tuple(dict.fromkeys(_read(part.strip()) for part in text.split(",") if part.strip()))


def check_exposure(host: str, origins: tuple[str, ...]) -> None:
    """Refuse to be reachable from other machines without a word on the address that people use.

    Raises:
        ConfigError: other machines reach ``host``, and there are no origins.
    """
    if not is_loopback(host) and not origins:
        raise ConfigError(
            f"SUPPORTBOT_WEB_HOST={host} lets other machines open the page: set SUPPORTBOT_WEB_ORIGINS to the "
            "addresses that people use, e.g. https://help.shop.example, or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(origin: str) -> str:
    """Return the name or address in an origin."""
    return urlsplit(origin).hostname or ""


def _read(origin: str) -> str:
    lowered = origin.lower()
    try:
        if not _SHAPE.fullmatch(lowered):
            raise ValueError(origin)
        parts = urlsplit(lowered.rstrip("/"))
        port = parts.port
    except ValueError:
        raise ConfigError(
            f"SUPPORTBOT_WEB_ORIGINS contains '{origin}', which is not an origin: write a scheme "
            "and a host, perhaps "
            "with a port, and nothing more, e.g. https://help.shop.example."
        ) from None
    is_default = port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.rpartition(':')[0] if is_default else parts.netloc}"

"""What the settings of Slack need of one another: pairs of tokens, and one way to be installed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supportbot.errors import ConfigError

if TYPE_CHECKING:
    from supportbot.config.settings import Settings

_WORKSPACE = re.compile(r"T[A-Z0-9]+")


def check_slack(settings: Settings) -> None:
    """Refuse settings of which a part is missing, or that contradict one another.

    Raises:
        ConfigError: they do; the sentence names the keys.
    """
    _check_installation(settings)
    if settings.slack_http and settings.slack_is_on and not settings.slack_signing_secret:
        raise ConfigError("SUPPORTBOT_SLACK_HTTP needs SLACK_SIGNING_SECRET (Basic Information page of the app).")
    if not settings.slack_http and settings.slack_is_on != bool(settings.slack_app_token):
        missing = "SLACK_APP_TOKEN" if settings.slack_is_on else "SLACK_BOT_TOKEN"
        other = "the client id" if settings.slack_is_shared else "the bot token"
        raise ConfigError(f"{missing} is missing: Socket Mode needs both {other} and the app-level token.")


def _check_installation(settings: Settings) -> None:
    """Refuse an app for many workspaces that nobody could install."""
    if bool(settings.slack_client_id) != bool(settings.slack_client_secret):
        missing = "SLACK_CLIENT_SECRET" if settings.slack_client_id else "SLACK_CLIENT_ID"
        raise ConfigError(f"{missing} is missing: copy both from the app's Basic Information page.")
    if settings.slack_client_id and settings.slack_bot_token and not settings.slack_sign_in:
        raise ConfigError(
            "Both SLACK_BOT_TOKEN and SLACK_CLIENT_ID are set: the first is for one workspace, the second for an "
            "app that many install; keep one of them, or set SUPPORTBOT_SLACK_SIGN_IN=true if the second is for "
            "signing in to the console."
        )
    if settings.slack_is_shared and not settings.install_origin:
        raise ConfigError(
            "SLACK_CLIENT_ID needs an address that begins with https:// in "
            "SUPPORTBOT_WEB_ORIGINS: after an installation, Slack sends people back there, to "
            "/slack/oauth_redirect."
        )
    if wrong := sorted(name for name in settings.allowed_workspaces if not _WORKSPACE.fullmatch(name)):
        raise ConfigError(
            f"SUPPORTBOT_SLACK_WORKSPACES contains '{wrong[0]}', which is not the id of a "
            "workspace: write ids such as T0123."
        )

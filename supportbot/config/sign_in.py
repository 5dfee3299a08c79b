"""What the settings say of signing in with a provider: the lists of people, and what is wrong with them.

Roles are words here; what each may do, ``supportbot.access.roles`` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from supportbot.addresses import without_user
from supportbot.errors import ConfigError
from supportbot.origins import is_loopback

if TYPE_CHECKING:
    from supportbot.config.settings import Settings

_ROLES = ("viewer", "curator", "admin")
"""From the least to the most; whoever has several has the last of them."""

_PERSON = re.compile(r"[^\s@:]+@[^\s@]+|sub:\S+|slack:T[A-Z0-9]+:[UW][A-Z0-9]+")


def named_people(settings: Settings) -> Mapping[str, str]:
    """Return the role of each person in the lists, by ``email:``, ``sub:`` or ``slack:`` and what names them.

    Raises:
        ConfigError: a name is malformed.
    """
    people: dict[str, str] = {}
    for role in _ROLES:
        key = f"console_{role}s"
        for name in _parts(getattr(settings, key)):
            if not _PERSON.fullmatch(name):
                raise ConfigError(
                    f"SUPPORTBOT_{key.upper()} contains '{name}': name people by an e-mail "
                    "address, by sub: and the "
                    "provider's subject, or as slack:T0123:U0456."
                )
            people[name if name.startswith(("sub:", "slack:")) else f"email:{folded(name)}"] = role
    return people


def role_values(settings: Settings) -> Mapping[str, str]:
    """Return the role that each value of the claim gives.

    Raises:
        ConfigError: one is malformed.
    """
    values: dict[str, str] = {}
    for part in _parts(settings.oidc_role_values):
        value, _, role = (piece.strip() for piece in part.rpartition("="))
        if not value or role not in _ROLES:
            raise ConfigError(
                f"SUPPORTBOT_OIDC_ROLE_VALUES contains '{part}': write a value of the claim, =, and viewer, "
                "curator or admin, e.g. support=curator."
            )
        values[value] = role
    return values


def folded(address: str) -> str:
    """Return an e-mail address as addresses are compared: in small letters.

    One that is not ASCII stays as it is: other letters may become the same small one, so two people would be one.
    """
    return address.lower() if address.isascii() else address


def check_sign_in(settings: Settings) -> None:
    """Refuse settings of which a part is missing, or with which nobody could sign in.

    Raises:
        ConfigError: the sentence names the key and the remedy.
    """
    people, values = named_people(settings), role_values(settings)
    _check_provider(settings)
    if bool(settings.oidc_role_claim) != bool(values):
        missing = "SUPPORTBOT_OIDC_ROLE_VALUES" if settings.oidc_role_claim else "SUPPORTBOT_OIDC_ROLE_CLAIM"
        raise ConfigError(f"{missing} is missing: set both the claim and the meaning of its values.")
    if values and not settings.oidc_issuer:
        raise ConfigError("SUPPORTBOT_OIDC_ROLE_CLAIM needs a provider: set SUPPORTBOT_OIDC_ISSUER.")
    if people and not settings.oidc_issuer and not settings.slack_sign_in:
        raise ConfigError(
            "SUPPORTBOT_CONSOLE_ADMINS, _CURATORS and _VIEWERS apply only to people who sign in "
            "with a provider: set "
            "SUPPORTBOT_OIDC_ISSUER or SUPPORTBOT_SLACK_SIGN_IN, or leave them empty."
        )
    if settings.oidc_issuer and not values and not people:
        raise ConfigError(
            "Nobody could sign in at SUPPORTBOT_OIDC_ISSUER: set SUPPORTBOT_OIDC_ROLE_CLAIM and _VALUES, or name "
            "people in SUPPORTBOT_CONSOLE_ADMINS, _CURATORS or _VIEWERS."
        )
    if settings.slack_sign_in:
        _check_slack(settings, people)


def _check_provider(settings: Settings) -> None:
    given = {
        "SUPPORTBOT_OIDC_ISSUER": settings.oidc_issuer,
        "SUPPORTBOT_OIDC_CLIENT_ID": settings.oidc_client_id,
        "SUPPORTBOT_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    missing = [key for key, value in given.items() if not value]
    if missing and len(missing) < len(given):
        raise ConfigError(
            f"{missing[0]} is missing: signing in with OIDC needs the issuer, the id and the secret."
        )
    if issuer := settings.oidc_issuer:
        if not is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise ConfigError(
                f"SUPPORTBOT_OIDC_ISSUER contains '{without_user(issuer)}': write the issuer as "
                "the provider names "
                "it, which begins with https:// and has no query."
            )
        if "openid" not in settings.oidc_scopes.split():
            raise ConfigError(
                "SUPPORTBOT_OIDC_SCOPES lacks openid: add it, because without it the provider "
                "does not say who signs in."
            )


def _check_slack(settings: Settings, people: Mapping[str, str]) -> None:
    if not settings.slack_client_id or not settings.slack_client_secret:
        raise ConfigError(
            "SUPPORTBOT_SLACK_SIGN_IN needs SLACK_CLIENT_ID and SLACK_CLIENT_SECRET: copy both from the app's "
            "Basic Information page."
        )
    if not settings.install_origin:
        raise ConfigError(
            "SUPPORTBOT_SLACK_SIGN_IN needs an address that begins with https:// in "
            "SUPPORTBOT_WEB_ORIGINS: Slack sends people back only to such an address."
        )
    if all(name.startswith("sub:") for name in people):
        raise ConfigError(
            "Nobody could sign in with Slack: name people in SUPPORTBOT_CONSOLE_ADMINS, _CURATORS or _VIEWERS, as "
            "slack:T0123:U0456 or by their e-mail address."
        )


def is_safe(url: str) -> bool:
    """Return whether what is sent to an address can't be read along: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and is_loopback(host))


def _parts(text: str) -> Iterator[str]:
    return (name for part in text.split(",") if (name := part.strip()))

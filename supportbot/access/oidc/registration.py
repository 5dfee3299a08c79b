"""Where operators may sign in besides with links: each provider as it is set, and the roles that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from supportbot.access.address import SIGN_IN_PATH
from supportbot.access.roles import Role, highest
from supportbot.config import Settings
from supportbot.config.sign_in import named_people, role_values

OIDC = "oidc"
SLACK = "slack"

_SLACK_API = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Who a provider says has signed in, after all was checked.

    Attributes:
        identity: the issuer and the subject, by which they are known again.
        name: as they are called there, which they may be able to change.
        email: an address that the provider has verified; empty for none.
        keys: how lists may name them, such as ``sub:248289761001`` and ``email:ana@shop.example``.
        values: of the claim for roles.
    """

    identity: str
    name: str
    email: str
    keys: frozenset[str]
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who gets which role.

    Attributes:
        people: by a key of ``Claimed``.
        values: by a value of the claim.
    """

    people: Mapping[str, Role] = field(default_factory=dict)
    values: Mapping[str, Role] = field(default_factory=dict)

    def role_of(self, claimed: Claimed) -> Role | None:
        """Return the highest of all roles that somebody has; None for none."""
        found = [self.people[key] for key in claimed.keys if key in self.people]
        found += [self.values[value] for value in claimed.values if value in self.values]
        return highest(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The console as one provider knows it.

    Attributes:
        key: in addresses: ``oidc`` or ``slack``.
        name: as people call the provider.
        issuer: as it names itself.
        client_id: of the console there.
        client_secret: proves that we are it.
        scopes: what it is asked for.
        rules: who gets which role.
        role_claim: where its values for ``rules`` are; empty for nowhere.
        is_https_only: whether it sends people back to no other addresses.
        has_quiet_pkce: whether it knows PKCE even if it does not say so, as OAuth 2.1 wants of all.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: SecretStr
    scopes: str
    rules: Rules
    role_claim: str = ""
    is_https_only: bool = False
    has_quiet_pkce: bool = True


def registrations(settings: Settings) -> list[Registration]:
    """Return the providers that are set, in the order of their buttons."""
    people = {name: Role(role) for name, role in named_people(settings).items()}
    found = []
    if settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret:
        values = {value: Role(role) for value, role in role_values(settings).items()}
        found.append(
            Registration(
                key=OIDC,
                name=settings.oidc_name or urlsplit(settings.oidc_issuer).netloc,
                issuer=settings.oidc_issuer,
                client_id=settings.oidc_client_id,
                client_secret=settings.oidc_client_secret,
                scopes=settings.oidc_scopes,
                rules=Rules(people=people, values=values),
                role_claim=settings.oidc_role_claim or "",
            )
        )
    if settings.slack_sign_in and settings.slack_client_id and settings.slack_client_secret:
        found.append(
            Registration(
                key=SLACK,
                name="Slack",
                issuer=origin_of(slack_api(settings)),
                client_id=settings.slack_client_id.get_secret_value(),
                client_secret=settings.slack_client_secret,
                scopes="openid profile email",
                rules=Rules(people=people),
                is_https_only=True,
                has_quiet_pkce=False,
            )
        )
    return found


def callback_path(key: str) -> str:
    """Return where a provider sends people back to; registered there with the origin before it."""
    return f"{SIGN_IN_PATH}/{key}/callback"


def begin_path(key: str) -> str:
    """Return the path of a provider's button."""
    return f"{SIGN_IN_PATH}/{key}"


def slack_api(settings: Settings) -> str:
    """Return the base of Slack's Web API, with a slash at its end."""
    return (settings.slack_api_url or _SLACK_API).rstrip("/") + "/"


def origin_of(url: str) -> str:
    """Return the scheme and the host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

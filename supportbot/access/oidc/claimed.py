"""What a provider says of somebody, as our own words: identity, name, verified address, and values for roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supportbot.access.oidc.registration import SLACK, Claimed, Registration
from supportbot.config.sign_in import folded

SLACK_TEAM = "https://slack.com/team_id"
SLACK_USER = "https://slack.com/user_id"


def read_claims(claims: Mapping[str, Any], registration: Registration) -> Claimed:
    """Return who somebody is by claims that were checked.

    Args:
        claims: of an ID token, perhaps with those of the provider's page about them; iss and sub are among them.
        registration: how the console is known there.
    """
    subject = str(claims["sub"])
    if registration.key == SLACK:
        # Ids of people are of a workspace, so who they are takes both.
        team, user = slack_team(claims), str(claims.get(SLACK_USER) or subject)
        subject = f"{team}:{user}"
        keys = {f"slack:{subject}"}
    else:
        keys = {f"sub:{subject}"}
    email = ""
    if claims.get("email_verified") in (True, "true"):  # Amazon Cognito writes it as text
        email = folded(_text(claims.get("email")))
        keys.add(f"email:{email}")
    values = _at(claims, registration.role_claim) if registration.role_claim else None
    return Claimed(
        identity=f"{claims['iss']} {subject}",
        name=_text(claims.get("name")) or _text(claims.get("preferred_username")),
        email=email,
        keys=frozenset(keys),
        values=frozenset(map(str, values if isinstance(values, list) else [] if values is None else [values])),
    )


def slack_team(claims: Mapping[str, Any]) -> str:
    """Return the Slack workspace in which somebody has signed in; empty if it is not said."""
    return _text(claims.get(SLACK_TEAM))


def _at(claims: Mapping[str, Any], path: str) -> object:
    """Return a claim of this name, or one inside others, as Keycloak's ``realm_access.roles``."""
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

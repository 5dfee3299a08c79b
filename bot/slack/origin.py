"""Whether a payload is for us: of our app, in our workspace, and with no way back that leads elsewhere.

A signature, or the socket, proves that whoever sent a payload knows Slack's secret, and no more. So what is meant
for another workspace or app is left alone, and an address to answer at is only taken if it is Slack's.

In a channel that workspaces share, an event may name the one that it happened in. Then it counts that Slack says
it is delivered for us, and it is kept under our workspace. What people of other workspaces ask there is answered.

An app may be installed in an organisation (Enterprise Grid) as a whole. Then events name the organisation, and the
workspace perhaps not; all its workspaces are one to us, the one that ``auth.test`` names. So in every case the
workspace of a question is that of the installation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.slack._shapes import are_ids
from bot.slack.identity import Bot, Identity
from supportbot.policies.store import Place

log = structlog.get_logger(__name__)

_HOOK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
"""Where Slack's own ``response_url`` leads; the second is that of GovSlack."""


def register(app: AsyncApp, identity: Identity, api_url: str) -> None:
    """Let the Bolt app hear only what is for us; to be called before any listener is registered."""

    async def only_ours(body: dict[str, object], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        if body.get("type") == "url_verification":
            return None
        try:
            bot = await identity.get()
        except Exception as error:  # whatever a network can do; Slack delivers it again
            log.warning("slack.not_acknowledged", reason=type(error).__name__)
            return BoltResponse(status=503)
        if reason := refusal(body, bot, identity.app, api_url):
            log.warning("slack.payload_refused", reason=reason)
            return BoltResponse(status=200)
        if "team_id" in body or body.get("type") == "event_callback":
            body["team_id"] = bot.team  # of a shared channel it may be the other one
        if "team" in body and _is_of(body, bot.enterprise):
            body["team"] = {"id": bot.team}
        await next_()
        return None

    app.middleware(only_ours)


def refusal(body: object, bot: Bot, app: str | None, api_url: str) -> str | None:
    """Return why a payload is not for us, or None if it is.

    Args:
        body: the payload.
        bot: who we are.
        app: id of our app, if it is known.
        api_url: where Slack's Web API is; a ``response_url`` may lead there as well.
    """
    match body:
        case {"api_app_id": other} if app is not None and other != app:
            return "of another app"
        case {"response_url": url} if not leads_to_slack(url, api_url):
            return "leads elsewhere"
    if not _names_team(body) or _is_for(body, bot.team) or _is_of(body, bot.enterprise):
        return None
    return "of another workspace"


def leads_to_slack(url: object, api_url: str) -> bool:
    """Return whether an address is one that Slack gives to answer at."""
    try:
        parts, ours = urlsplit(str(url)), urlsplit(api_url)
        if (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port):
            return True
        return parts.scheme == "https" and parts.hostname in _HOOK_HOSTS and parts.port in (None, 443)
    except ValueError:  # the library's for a port that is none
        return False


def workspace_of(body: object) -> str | None:
    """Return the workspace that the app of a click or a modal is installed in."""
    match body:
        case (
            {"view": {"app_installed_team_id": str(team)}}
            | {"team": {"id": str(team)}}
            | {"user": {"team_id": str(team)}}
        ):
            return team
    return None


def place_of(body: object) -> Place:
    """Return where somebody is who typed a command or clicked; of a modal Slack tells the workspace only."""
    team, channel = workspace_of(body) or "", ""
    match body:
        case {"team_id": str(named)} if are_ids(named):
            team = named
    match body:
        case {"channel_id": str(named)} | {"channel": {"id": str(named)}} if are_ids(named):
            channel = named
    return Place(platform="slack", workspace=team, channel=channel)


def _names_team(body: object) -> bool:
    match body:
        case {"team_id": _} | {"team": _} | {"user": {"team_id": _}}:
            return True
    return False


def _is_for(body: object, team: str) -> bool:
    match body:
        case {"team_id": named}:
            return named == team or _is_shared_with(body, team)
    return workspace_of(body) == team


def _is_of(body: object, enterprise: str | None) -> bool:
    """Return whether a payload is delivered for an installation in a whole organisation."""
    match body:
        case (
            {"authorizations": [{"is_enterprise_install": True, "enterprise_id": str(named)}, *_]}
            | {"is_enterprise_install": True | "true", "enterprise_id": str(named)}
            | {"is_enterprise_install": True, "enterprise": {"id": str(named)}}
        ):
            return named == enterprise
    return False


def _is_shared_with(body: object, team: str) -> bool:
    """Return whether an event of another workspace is delivered for ours, which shares the channel."""
    match body:
        case {"context_team_id": context} if context == team:
            return True
        case {"is_ext_shared_channel": True, "authorizations": [*authorizations]}:
            return any(isinstance(one, dict) and one.get("team_id") == team for one in authorizations)
    return False

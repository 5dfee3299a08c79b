"""Whether a payload is for us: from our app, in a workspace of ours, and with no reply address outside Slack. A
signature, or the socket, proves only that the sender of a payload knows Slack's secret. So payloads for another
workspace or app are ignored, and an address for replies is used only if it is Slack's.

In a channel that workspaces share, an event may name the one that it happened in. Then it counts that Slack says
it is delivered for us, and it is kept under our workspace. What people of other workspaces ask there is answered.

An app may be installed in an organisation (Enterprise Grid) as a whole. Then events name the organisation, and the
workspace perhaps not; all its workspaces are one to us, the one that ``auth.test`` names. So in every case the
workspace of a question is that of the installation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._shapes import are_ids
from bot.slack.identity import Bot, Identity
from supportbot.policies.store import Place

log = structlog.get_logger(__name__)

_HOOK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
"""Where Slack's own ``response_url`` leads; the second is that of GovSlack."""


class Ours(Protocol):
    """A workspace of ours: who we are there, and what calls Slack there."""

    @property
    def identity(self) -> Identity:
        """Who we are."""

    @property
    def client(self) -> AsyncWebClient:
        """What listeners call Slack with; the library's own would tell nobody of missing scopes."""


class Find(Protocol):
    """Finds a workspace of ours; see ``bot.slack.workspaces.Workspaces.of``."""

    def __call__(self, *teams: str) -> Awaitable[Ours | None]:
        """Return the first of these that is ours."""


def register(app: AsyncApp, find: Find, api_url: str) -> None:
    """Let the Bolt app hear only what is for us; to be called before any listener is registered."""

    async def only_ours(
        body: dict[str, object], context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        if body.get("type") == "url_verification":
            return None
        try:
            ours = await find(*named_teams(body))
            bot = await ours.identity.get() if ours is not None else None
        except Exception as error:  # whatever a network or a database can do; Slack delivers it again
            log.warning("slack.not_acknowledged", reason=type(error).__name__)
            return BoltResponse(status=503)
        if ours is None or bot is None:
            log.warning("slack.payload_refused", reason="the app is not installed there")
            return BoltResponse(status=200)
        if reason := refusal(body, bot, ours.identity.app, api_url):
            log.warning("slack.payload_refused", reason=reason)
            return BoltResponse(status=200)
        context["client"] = ours.client
        if "team_id" in body or body.get("type") == "event_callback":
            body["team_id"] = bot.team  # of a shared channel it may be the other one
            _put_first(body, bot)
        if "team" in body and _is_of(body, bot.enterprise):
            body["team"] = {"id": bot.team}
        await next_()
        return None

    app.middleware(only_ours)


def named_teams(body: object) -> list[str]:
    """Return the workspaces for which a payload may be, the likeliest first."""
    match body:
        case {"type": "event_callback", **event}:
            named = [*_authorized(body), *(event.get(key) for key in ("context_team_id", "team_id"))]
        case {"team_id": team}:
            named = [team]
        case _:
            named = [workspace_of(body)]
    return list(dict.fromkeys(team for team in named if isinstance(team, str) and team))


def _put_first(body: dict[str, object], bot: Bot) -> None:
    """Have an event name our installation first, where it names others as well."""
    match body:
        case {"authorizations": [{"team_id": str(first)}, *_] as all_of_them} if first != bot.team:
            ours = {"team_id": bot.team, "user_id": bot.user_id}
            body["authorizations"] = [ours, *all_of_them]


def _authorized(body: object) -> list[object]:
    match body:
        case {"authorizations": [*authorizations]}:
            return [one.get("team_id") for one in authorizations if isinstance(one, dict)]
    return []


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

"""Who administers the workspace, as Slack says: owners and admins of it, and nobody of another one.

That is asked with ``users.info`` (scope ``users:read``) and remembered for a minute. Where Slack does not say,
nobody is an admin.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.identity import Identity

log = structlog.get_logger(__name__)

_REMEMBER_SECONDS = 60.0
_REMEMBERED = 1_000
"""People; whoever was asked about first is forgotten first."""


class Admins:
    """What Slack said lately.

    Args:
        identity: knows which workspace is ours.
        clock: seconds that only grow.
    """

    def __init__(self, identity: Identity, clock: Callable[[], float] = time.monotonic) -> None:
        self._identity = identity
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    async def is_admin(self, client: AsyncWebClient, user: str) -> bool:
        """Return whether somebody administers our workspace; False if Slack cannot be asked.

        Args:
            client: carries the bot token.
            user: Slack's id of the person.
        """
        at, known = self._known.get(user, (-_REMEMBER_SECONDS, False))
        if self._clock() - at < _REMEMBER_SECONDS:
            return known
        try:
            answer = await client.users_info(user=user)
            known = administers(answer.get("user"), (await self._identity.get()).team)
        except SlackApiError as error:  # a missing scope is told by the client itself
            log.debug("slack.call_failed", call="users.info", error=type(error).__name__)
            known = False
        except (aiohttp.ClientError, OSError) as error:  # OSError: timeouts, too
            log.debug("slack.call_failed", call="users.info", error=type(error).__name__)
            return False
        self._known[user] = self._clock(), known
        self._known.move_to_end(user)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


def administers(user: object, team: str) -> bool:
    """Return whether a user, as ``users.info`` describes one, is an owner or admin of a workspace.

    In a channel that workspaces share, an admin of the other one is a stranger here. In an organisation, somebody
    may belong to several workspaces.
    """
    match user:
        case {"deleted": True} | {"is_bot": True} | {"is_restricted": True} | {"is_stranger": True}:
            return False
        case {"is_admin": True} | {"is_owner": True}:
            return team in _teams(user)
    return False


def _teams(user: object) -> list[object]:
    match user:
        case {"team_id": home, "enterprise_user": {"teams": [*teams]}}:
            return [home, *teams]
        case {"team_id": home}:
            return [home]
    return []

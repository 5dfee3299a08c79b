"""Who is an admin in Slack: admins and owners of the workspace, and people whom the operator names. Before a
decision Slack is asked each time, since yesterday's admin may not be one today. For views that only admins see,
Slack's answer of the last minute is used. An admin of another workspace that shares a channel is not an admin
here.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import error_code
from supportbot.errors import SupportBotError
from supportbot.words import N_

T = TypeVar("T")

_SECONDS = 2.0
"""Slack waits three for the acknowledgement of a command, and opens a modal only so long after it."""

_REMEMBER_SECONDS = 60.0
_REMEMBERED = 1_000
"""People; whoever was asked about first is forgotten first."""

_NO_SCOPE = N_(
    "I can't see who is an admin here because the app lacks the scope users:read. Update the app with the "
    "manifest that comes with the bot, or name admins in SUPPORTBOT_ADMINS."
)
_NO_ANSWER = N_("I couldn't get the list of admins from Slack. Please try again in a moment.")


class UnknownAdminsError(SupportBotError):
    """Slack does not say who is an admin; the sentence is for whoever wants to decide."""


class Admins:
    """Who is one.

    Args:
        named: by the operator, such as ``slack:T1:U1``.
        clock: seconds that only grow.
    """

    def __init__(self, named: Collection[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._named = frozenset(named)
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, bool]] = OrderedDict()
        self._locales: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def include(self, client: AsyncWebClient, team: str, user: str) -> bool:
        """Return whether a person may decide about the channels of a workspace.

        Raises:
            UnknownAdminsError: Slack does not say.
        """
        if f"slack:{team}:{user}" in self._named:
            return True
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await client.users_info(user=user, include_locale=True)
        except SlackApiError as error:
            if error_code(error) == "user_not_found":
                return False
            raise UnknownAdminsError(_NO_SCOPE if error_code(error) == "missing_scope" else _NO_ANSWER) from error
        except (aiohttp.ClientError, OSError) as error:  # OSError: timeouts, too
            raise UnknownAdminsError(_NO_ANSWER) from error
        profile = answer.get("user")
        self._note_locale(team, user, profile)
        return administers(profile, team, user)

    async def are_shown(self, client: AsyncWebClient, team: str, user: str) -> bool:
        """Return whether a person is shown what is for admins, as far as Slack said lately."""
        at, known = self._known.get((team, user), (-_REMEMBER_SECONDS, False))
        if self._clock() - at < _REMEMBER_SECONDS:
            return known
        try:
            known = await self.include(client, team, user)
        except UnknownAdminsError:  # a missing scope is told by the client itself
            known = False
        _remember(self._known, (team, user), (self._clock(), known))
        return known

    def locale_of(self, team: str, user: str) -> str | None:
        """Return the language of a person, as Slack said when it was last asked about them; None if unknown."""
        return self._locales.get((team, user))

    def _note_locale(self, team: str, user: str, profile: object) -> None:
        match profile:
            case {"locale": str(locale)}:
                _remember(self._locales, (team, user), locale)


def _remember(people: OrderedDict[tuple[str, str], T], person: tuple[str, str], value: T) -> None:
    people[person] = value
    people.move_to_end(person)
    if len(people) > _REMEMBERED:
        people.popitem(last=False)


def administers(profile: object, team: str, user: str) -> bool:
    """Return whether Slack's record of a person says that they are an admin or an owner of a workspace."""
    match profile:
        case {"id": found, "is_admin": True} | {"id": found, "is_owner": True} if found == user:
            pass
        case _:
            return False
    match profile:
        case {"deleted": True} | {"is_bot": True} | {"is_restricted": True} | {"is_stranger": True}:
            return False
        case {"team_id": home} if home == team:
            return True
        case {"enterprise_user": {"teams": [*teams]}}:
            return team in teams
    return False

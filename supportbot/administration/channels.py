"""What the bot answers where, decided by operators: with the sentences and checks of the platforms' own forms."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping
from typing import TypeVar

from supportbot.db.audit import AuditEntry
from supportbot.db.session import Database
from supportbot.policies.form import submit
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.store import Decided, Place, Policies
from supportbot.policies.undoing import Change, put_back, settings_at, undo, undoable
from supportbot.words import N_

PAGE = 50

_UNHEARD = N_(
    "The bot can only see messages that mention it. To change that, turn on the Message Content intent in "
    "the developer portal and set SUPPORTBOT_DISCORD_MESSAGE_CONTENT=true."
)

T = TypeVar("T")


def unheard(place: Place, policy: Policy, *, hears_all: bool) -> str:
    """Return what is missing for what was decided about a place; nothing if nothing is.

    Args:
        place: where.
        policy: what holds there.
        hears_all: whether the bot hears all messages in Discord.
    """
    is_missing = place.platform == "discord" and policy.answer_on is AnswerOn.QUESTIONS and not hears_all
    return _UNHEARD if is_missing else ""


class Channels:
    """What was decided about channels and workspaces.

    Args:
        database: where it is kept.
        hears_all: whether the bot hears all messages in Discord.
    """

    def __init__(self, database: Database, *, hears_all: bool) -> None:
        self._database = database
        self._policies = Policies(database)
        self._hears_all = hears_all

    async def page(self, after: Place | None = None) -> list[Decided]:
        """Return up to 50 decisions, by platform, workspace and channel, those after a place."""
        return await self._policies.listed(after, PAGE)

    async def shown(self, place: Place) -> Policy:
        """Return what holds at a place."""
        return await self._policies.shown(place)

    async def is_decided(self, place: Place) -> bool:
        """Return whether something was decided about a place itself."""
        return await settings_at(self._database, place) is not None

    async def submit(self, place: Place, typed: Mapping[str, str], by: str) -> Change | None:
        """Change what a form changes; None where that is nothing.

        Raises:
            PolicyError: what is wrong, by field.
        """
        return await self._noting(place, submit(self._policies, place, typed, by))

    async def reset(self, place: Place, by: str) -> Change | None:
        """Forget what was decided about a place; None where nothing was."""
        return await self._noting(place, self._policies.reset(place, by))

    async def put_back(self, change: Change, by: str) -> None:
        """Take a change back.

        Raises:
            PolicyError: somebody has decided otherwise since.
        """
        await put_back(self._database, change, by)

    async def undoable(self, lines: Collection[AuditEntry]) -> set[int]:
        """Return which lines of the audit tell of a decision that can be taken back, by their numbers."""
        return await undoable(self._database, lines)

    async def undo(self, audit_id: int, by: str) -> None:
        """Take a decision back of which the audit tells.

        Raises:
            PolicyError: somebody has decided otherwise since.
        """
        await undo(self._database, audit_id, by)

    def unheard(self, place: Place, policy: Policy) -> str:
        """Return what is missing for a policy to hold; see the function of that name."""
        return unheard(place, policy, hears_all=self._hears_all)

    async def _noting(self, place: Place, deed: Awaitable[T]) -> Change | None:
        before = await settings_at(self._database, place)
        await deed
        after = await settings_at(self._database, place)
        return Change(place=place, before=before, after=after) if before != after else None

"""How far a new installation of the bot has come.

The steps are counted from rows, so it makes no difference whether one was done here or with a command.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, OperatorAccount, Question, Workspace
from supportbot.db.states import LOCAL_PLATFORMS, EntrySource, EntryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is there.

    Attributes:
        has_questions: whether anybody has asked anything yet.
        has_knowledge: whether there are answers besides small talk.
        has_platform: whether Slack or Discord is connected, or has been.
        has_company: whether more than one person may open the console.
    """

    has_questions: bool
    has_knowledge: bool
    has_platform: bool
    has_company: bool


async def read_beginning(session: AsyncSession) -> Beginning:
    """Return what is there by now."""
    own = select(Entry.id).where(Entry.state == EntryState.LIVE, Entry.source != EntrySource.SMALL_TALK)
    connected = select(Workspace.id).where(Workspace.platform.not_in(LOCAL_PLATFORMS))
    others = select(OperatorAccount.id).where(OperatorAccount.ended_at.is_(None)).offset(1)
    queries = (select(Question.id), own, connected, others)
    found = [await session.scalar(query.limit(1)) is not None for query in queries]
    return Beginning(has_questions=found[0], has_knowledge=found[1], has_platform=found[2], has_company=found[3])

"""Verified questions that people ask most, and those that are new: what may be said of them where.

A question is a wording of a live entry. In a workspace only its own wordings count and those that nobody's log was
read for, whoever consented to what: consent allows learning, not showing one workspace's words to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import Answer, Conversation, Entry, Question, Wording
from supportbot.db.states import AnswerSource, EntrySource, EntryState


@dataclass(frozen=True, slots=True)
class Asked:
    """A verified question, as it may be shown, and how many questions its answer was given to."""

    entry_id: int
    question: str
    times: int


async def most_asked(session: AsyncSession, workspace_id: int | None, during: During, most: int) -> list[Asked]:
    """Return the verified questions whose answers were given most, the most first.

    Args:
        session: to read with.
        workspace_id: where they were given, and where the questions may be shown; None for an operator.
        during: which questions count, see ``asked_in``.
        most: how many to return.
    """
    times = func.count().label("times")
    query = (
        select(Entry.id, times)
        .select_from(Answer)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Entry, Entry.id == Answer.entry_id)
        .where(
            Answer.source == AnswerSource.APPROVED,
            *during,
            *await _shown(session, workspace_id),
        )
        .group_by(Entry.id)
        .order_by(times.desc(), Entry.id)
        .limit(most)
    )
    counts = dict((await session.execute(query)).all())
    questions = await _questions(session, list(counts), workspace_id)
    return [Asked(entry_id, questions[entry_id], number) for entry_id, number in counts.items()]


During = Sequence[ColumnElement[bool]]
"""Which questions count: conditions of a statement that joins ``Question`` with ``Conversation``."""


def asked_in(workspace_id: int | None, since: datetime, until: datetime | None = None) -> During:
    """Return which questions count.

    Args:
        workspace_id: where they were asked; None for everywhere.
        since: when the earliest one was received.
        until: before this the latest one was; None for no end.
    """
    found: list[ColumnElement[bool]] = [Question.received_at >= since]
    if until is not None:
        found.append(Question.received_at < until)
    if workspace_id is not None:
        # Old questions do not say so themselves. And whatever the planner thinks, the time comes first: from the
        # workspace's conversations it would read all that was ever asked there.
        found.append(func.coalesce(Question.workspace_id, Conversation.workspace_id) == workspace_id)
    return found


async def newest(session: AsyncSession, workspace_id: int | None, most: int) -> list[str]:
    """Return the questions of the entries that were approved last, the newest first.

    Args:
        session: to read with.
        workspace_id: where they will be shown; None for an operator.
        most: how many to return.
    """
    query = (
        select(Entry.id)
        .where(*await _shown(session, workspace_id))
        .order_by(Entry.approved_at.desc(), Entry.id.desc())
        .limit(most)
    )
    ids = (await session.scalars(query)).all()
    questions = await _questions(session, ids, workspace_id)
    return [questions[entry_id] for entry_id in ids]


async def _shown(session: AsyncSession, workspace_id: int | None) -> list[ColumnElement[bool]]:
    """Return which entries are given somewhere and have a question that may be shown there; no small talk."""
    worded = select(Wording.id).where(Wording.entry_id == Entry.id, *_worded(workspace_id))
    found: list[ColumnElement[bool]] = [
        Entry.state == EntryState.LIVE,
        Entry.source != EntrySource.SMALL_TALK,
        or_(Entry.valid_until.is_(None), Entry.valid_until > await clock.now(session)),
        worded.exists(),
    ]
    if workspace_id is not None:
        found.append(or_(Entry.workspace_id.is_(None), Entry.workspace_id == workspace_id))
    return found


def _worded(workspace_id: int | None) -> list[ColumnElement[bool]]:
    return (
        [] if workspace_id is None else [or_(Wording.workspace_id.is_(None), Wording.workspace_id == workspace_id)]
    )


async def _questions(session: AsyncSession, entry_ids: Sequence[int], workspace_id: int | None) -> dict[int, str]:
    """Return the first wording of each entry that may be shown."""
    query = (
        select(Wording.entry_id, Wording.text)
        .where(Wording.entry_id.in_(entry_ids), *_worded(workspace_id))
        .order_by(Wording.id.desc())
    )
    return dict((await session.execute(query)).all())  # the first of each comes last, and stays

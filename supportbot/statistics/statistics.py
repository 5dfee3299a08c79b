"""What was asked in a time, how it was answered, how fast, and what people thought of it: counted by the database.

It counts rows and reads no text of a person; a verified question is the operator's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Float, Select, and_, cast, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import Answer, Conversation, Entry, Feedback, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntrySource, QuestionState
from supportbot.intake.samples import IS_SHOWN_LAST
from supportbot.statistics.asked import Asked, asked_in, most_asked
from supportbot.statistics.interval import wilson

MOST_ASKED = 5
"""Verified questions that are listed."""

_DAY_SECONDS = 86_400.0
_UNANSWERED = (QuestionState.FAILED, QuestionState.EXPIRED)
_OPEN = (QuestionState.RECEIVED, QuestionState.ANSWERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The figures of a workspace, or of all, over some days.

    Attributes:
        days: how many, up to now.
        questions: that were asked, refused ones aside; each is counted once below, by its last sample.
        verified: got an approved answer.
        small_talk: got one of those that ship for greetings and the like.
        quoted: got a passage of a document.
        generated: got an answer of the model.
        not_sure: were told that the bot is not sure.
        failed: ended without an answer, those that their askers withdrew included.
        open: are being answered now.
        refused: were too many at once, and are in none of the numbers above.
        votes_up: thumbs on the answers of these questions.
        votes_down: likewise.
        up_rate: the share of thumbs up with its 95 % interval, see ``wilson``; None without a vote.
        median_seconds: from a question's arrival to its first answer in the database; None without an answer.
        p95_seconds: what 95 % of the answers were not slower than, likewise.
        most_asked: verified questions, the most asked first.
    """

    days: int
    questions: int
    verified: int
    small_talk: int
    quoted: int
    generated: int
    not_sure: int
    failed: int
    open: int
    refused: int
    votes_up: int
    votes_down: int
    up_rate: tuple[float, float, float] | None
    median_seconds: float | None
    p95_seconds: float | None
    most_asked: tuple[Asked, ...]


async def read_statistics(database: Database, workspace_id: int | None, days: int) -> Statistics:
    """Count what happened in a workspace.

    Args:
        database: where the record is.
        workspace_id: its number; None for all workspaces together, which only an operator may see.
        days: how many, up to now.
    """
    async with database.read() as session:
        since = await clock.now(session) - timedelta(days=days)
        counted = (await session.execute(_counts(workspace_id, since))).one()
        up, down = (await session.execute(_votes(workspace_id, since))).one()
        median, slowest = await _percentiles(session, workspace_id, since, (50, 95))
        asked = await most_asked(session, workspace_id, since, MOST_ASKED)
    return Statistics(
        days=days,
        votes_up=up,
        votes_down=down,
        up_rate=await asyncio.to_thread(wilson, up, down),
        median_seconds=median,
        p95_seconds=slowest,
        most_asked=tuple(asked),
        **counted._mapping,
    )


def _counts(workspace_id: int | None, since: datetime) -> Select[int, int, int, int, int, int, int, int, int]:
    is_refused = Question.state == QuestionState.REFUSED
    is_talk = and_(Answer.source == AnswerSource.APPROVED, Entry.source == EntrySource.SMALL_TALK)
    # The entry of an old answer may be erased: it was verified all the same.
    is_verified = and_(
        Answer.source == AnswerSource.APPROVED, or_(Entry.id.is_(None), Entry.source != EntrySource.SMALL_TALK)
    )
    return (
        select(
            func.count().filter(~is_refused).label("questions"),
            func.count().filter(is_verified).label("verified"),
            func.count().filter(is_talk).label("small_talk"),
            func.count().filter(Answer.source == AnswerSource.QUOTED).label("quoted"),
            func.count().filter(Answer.source == AnswerSource.GENERATED).label("generated"),
            func.count().filter(Answer.source == AnswerSource.NOT_SURE).label("not_sure"),
            func.count().filter(Answer.id.is_(None), Question.state.in_(_UNANSWERED)).label("failed"),
            func.count().filter(Answer.id.is_(None), Question.state.in_(_OPEN)).label("open"),
            func.count().filter(is_refused).label("refused"),
        )
        .select_from(Question)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .outerjoin(Entry, Entry.id == Answer.entry_id)
        .where(*asked_in(workspace_id, since), IS_SHOWN_LAST)
    )


def _votes(workspace_id: int | None, since: datetime) -> Select[int, int]:
    return (
        select(func.count().filter(Feedback.vote > 0), func.count().filter(Feedback.vote < 0))
        .select_from(Feedback)
        .join(Answer, Feedback.answer_id == Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .where(*asked_in(workspace_id, since))
    )


async def _percentiles(
    session: AsyncSession, workspace_id: int | None, since: datetime, percents: Sequence[int]
) -> list[float | None]:
    """Return the nearest ranks: the shortest times that so many percent of the answers did not exceed.

    SQLite has no function for that, so the times are numbered in their order, and one is taken.
    """
    seconds = _seconds(session).label("seconds")
    ranked = (
        select(
            seconds,
            func.row_number().over(order_by=seconds).label("place"),
            func.count().over().label("total"),
        )
        .select_from(Question)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .where(*asked_in(workspace_id, since), Question.answered_at.is_not(None), Question.sample == 1)
        .subquery()
    )
    # Rounded up, in whole numbers.
    is_wanted = or_(*(ranked.c.place == (ranked.c.total * percent + 99) // 100 for percent in percents))
    rows = (await session.execute(select(ranked).where(is_wanted))).all()
    found = {row.place: round(max(float(row.seconds), 0.0), 3) for row in rows}
    total = rows[0].total if rows else 0
    return [found.get((total * percent + 99) // 100) for percent in percents]


def _seconds(session: AsyncSession) -> ColumnElement[float]:
    if session.get_bind().dialect.name == "sqlite":  # which keeps times as texts
        days = func.julianday(Question.answered_at, type_=Float) - func.julianday(
            Question.received_at, type_=Float
        )
        return days * _DAY_SECONDS
    return cast(extract("epoch", Question.answered_at - Question.received_at), Float)

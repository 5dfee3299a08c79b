"""What was asked in a time, how it was answered, how fast, and what people thought of it: counted by the database.

It counts rows and reads no text of a person; a verified question is the operator's own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Float, ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import Answer, Conversation, Feedback, Question
from supportbot.db.session import Database
from supportbot.intake.samples import STANDS_AMONG_MANY
from supportbot.statistics.asked import Asked, During, asked_in, most_asked
from supportbot.statistics.interval import wilson
from supportbot.statistics.kinds import Kind, kind_of, of_the_bot

MOST_ASKED = 5
"""Verified questions that are listed."""

_DAY_SECONDS = 86_400.0
_MIDDLE = 50


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
        votes_down: as above.
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
        during = asked_in(workspace_id, await clock.now(session) - timedelta(days=days))
        counted = Counter(dict((await session.execute(_counts(during))).all()))
        up, down = (await session.execute(_votes(during))).one()
        median, slowest = await percentiles(session, during, (50, 95))
        asked = await most_asked(session, workspace_id, during, MOST_ASKED)
    return Statistics(
        days=days,
        votes_up=up,
        votes_down=down,
        up_rate=await asyncio.to_thread(wilson, up, down),
        median_seconds=median,
        p95_seconds=slowest,
        most_asked=tuple(asked),
        questions=counted.total() - counted[Kind.REFUSED],
        **{kind.value: counted[kind] for kind in Kind},
    )


def _counts(during: During) -> Select[str, int]:
    kind = kind_of()
    return (
        select(kind, func.count())
        .select_from(Question)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(Answer, of_the_bot())
        .where(*during, STANDS_AMONG_MANY)
        .group_by(kind)
    )


def _votes(during: During) -> Select[int, int]:
    return (
        select(func.count().filter(Feedback.vote > 0), func.count().filter(Feedback.vote < 0))
        .select_from(Feedback)
        .join(Answer, Feedback.answer_id == Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .where(*during)
    )


async def percentiles(session: AsyncSession, during: During, percents: Sequence[int]) -> list[float | None]:
    """Return the nearest ranks of the seconds to the first answer: what so many percent did not exceed.

    SQLite has no function for that, so the times are put in order and one is taken, from the nearer end. They are
    written aside first: to number them all in their order takes twice as long.

    Args:
        session: to read with.
        during: which questions count.
        percents: which ranks.
    """
    timed = (
        select(_seconds(session).label("seconds"))
        .select_from(Question)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Answer, of_the_bot())
        .where(*during, Question.answered_at.is_not(None), Question.sample == 1)
        .cte("timed")
        .prefix_with("MATERIALIZED")
    )
    total = select(func.count()).select_from(timed).scalar_subquery()
    ranks = [_at_rank(timed.c.seconds, total, percent) for percent in percents]
    row = (await session.execute(select(*ranks))).one()
    return [None if found is None else round(max(float(found), 0.0), 3) for found in row]


def _at_rank(seconds: ColumnElement[float], total: ScalarSelect[int], percent: int) -> ScalarSelect[float]:
    # The rank is rounded up, in whole numbers; none of these is below 0 where there is nothing.
    if percent > _MIDDLE:
        return (
            select(seconds)
            .order_by(seconds.desc())
            .limit(1)
            .offset(total * (100 - percent) // 100)
            .scalar_subquery()
        )
    return select(seconds).order_by(seconds).limit(1).offset((total * percent - 1) // 100).scalar_subquery()


def _seconds(session: AsyncSession) -> ColumnElement[float]:
    if session.get_bind().dialect.name == "sqlite":  # which keeps times as texts
        days = func.julianday(Question.answered_at, type_=Float) - func.julianday(
            Question.received_at, type_=Float
        )
        return days * _DAY_SECONDS
    # Not EXTRACT, which counts in decimals and takes several times as long.
    return func.date_part("epoch", Question.answered_at - Question.received_at, type_=Float)

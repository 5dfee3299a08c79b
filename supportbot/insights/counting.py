"""What was asked in a period and in the one before, counted once for all figures and charts.

The database goes through the questions once and adds them up by day, kind and version; that is some hundred rows,
of which everything else is a sum. To count each figure by itself would read each question twenty times.

Days are counted twice: back from now, for what is compared with the time before, and by the calendar of UTC, as
all times in the record are, for what is shown by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import Answer, Conversation, Feedback, Handoff, Question
from supportbot.insights.period import Period
from supportbot.intake.samples import STANDS_AMONG_MANY
from supportbot.statistics.asked import During, asked_in
from supportbot.statistics.kinds import Kind, kind_of, of_the_bot

_DAY_SECONDS = 86_400
_DATE_LETTERS = len("2026-11-30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Questions that are alike in what they are counted by.

    Attributes:
        days_ago: whole times 24 hours that have passed since.
        day: in UTC.
        kind: what became of them.
        version: of the model that answered; empty where none did.
        questions: how many.
    """

    days_ago: int
    day: date
    kind: Kind
    version: str
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """Votes that are alike likewise, on all samples."""

    days_ago: int
    version: str
    up: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """Questions of which a human was asked, likewise."""

    days_ago: int
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything of a time, in parts that add up."""

    cells: tuple[Cell, ...]
    votes: tuple[Votes, ...]
    handoffs: tuple[HandedOff, ...]


async def count(session: AsyncSession, period: Period, days: int) -> Counted:
    """Count what happened in the days up to now.

    Args:
        session: to read with.
        period: for where that is.
        days: how many.
    """
    now = await clock.now(session)
    during = asked_in(period.workspace_id, now - timedelta(days=days))
    days_ago = _days_ago(session, now)
    return Counted(
        cells=await _cells(session, _within(_questions(), period), during, days_ago),
        votes=await _votes(session, _within(_voted(), period), during, days_ago),
        handoffs=await _handoffs(session, _within(_handed_off(), period), during, days_ago),
    )


async def _cells(
    session: AsyncSession, query: Select[*tuple[object, ...]], during: During, days_ago: ColumnElement[int]
) -> tuple[Cell, ...]:
    day = _day_of(session)
    # Sorted into groups as plain bytes, and not as words of a language, which takes PostgreSQL twice as long.
    plainly = "BINARY" if session.get_bind().dialect.name == "sqlite" else "C"
    kind, version = kind_of().collate(plainly), _version().collate(plainly)
    keys = (days_ago.label("days_ago"), day.label("day"), kind.label("kind"), version.label("version"))
    query = (
        query.with_only_columns(
            *keys,
            func.count().label("questions"),
            maintain_column_froms=True,
        )
        .where(*during, STANDS_AMONG_MANY)
        .group_by(*keys)
    )
    return tuple(
        Cell(
            days_ago=max(row.days_ago, 0),
            day=date.fromisoformat(str(row.day)),
            kind=Kind(row.kind),
            version=row.version,
            questions=row.questions,
        )
        for row in await session.execute(query)
    )


async def _votes(
    session: AsyncSession, query: Select[*tuple[object, ...]], during: During, days_ago: ColumnElement[int]
) -> tuple[Votes, ...]:
    keys = (days_ago.label("days_ago"), _version().label("version"))
    query = (
        query.with_only_columns(
            *keys,
            func.count().filter(Feedback.vote > 0).label("up"),
            func.count().filter(Feedback.vote < 0).label("down"),
            maintain_column_froms=True,
        )
        .where(*during)
        .group_by(*keys)
    )
    return tuple(
        Votes(days_ago=max(row.days_ago, 0), version=row.version, up=row.up, down=row.down)
        for row in await session.execute(query)
    )


async def _handoffs(
    session: AsyncSession, query: Select[*tuple[object, ...]], during: During, days_ago: ColumnElement[int]
) -> tuple[HandedOff, ...]:
    key = days_ago.label("days_ago")
    query = (
        query.with_only_columns(key, func.count().label("questions"), maintain_column_froms=True)
        .where(*during, STANDS_AMONG_MANY)
        .group_by(key)
    )
    return tuple(
        HandedOff(days_ago=max(row.days_ago, 0), questions=row.questions) for row in await session.execute(query)
    )


def _questions() -> Select[*tuple[object, ...]]:
    return select(Question.id).select_from(Question).outerjoin(Answer, of_the_bot())


def _voted() -> Select[*tuple[object, ...]]:
    return (
        select(Question.id)
        .select_from(Question)
        .join(Answer, of_the_bot())
        .join(Feedback, Feedback.answer_id == Answer.id)
    )


def _handed_off() -> Select[*tuple[object, ...]]:
    # From the few hand-offs to their questions: "+ 0" takes away from SQLite the index for the way round.
    return select(Question.id).select_from(Question).join(Handoff, Handoff.question_id + 0 == Question.id)


def _within(query: Select[*tuple[object, ...]], period: Period) -> Select[*tuple[object, ...]]:
    """Join what says where a question was asked, if that matters."""
    if period.workspace_id is None:
        return query
    return query.join(Conversation, Question.conversation_id == Conversation.id)


def _version() -> ColumnElement[str]:
    return func.coalesce(Answer.model_version, literal("", String, literal_execute=True))


def _days_ago(session: AsyncSession, now: datetime) -> ColumnElement[int]:
    if session.get_bind().dialect.name == "sqlite":  # which keeps times as texts
        end = func.julianday(literal(now, Question.received_at.type), type_=Float)
        return cast(end - func.julianday(Question.received_at, type_=Float), Integer)
    # Not EXTRACT, which counts in decimals and takes several times as long.
    seconds = func.date_part("epoch", literal(now, DateTime(timezone=True)) - Question.received_at)
    return cast(func.floor(seconds / _DAY_SECONDS), Integer)


def _day_of(session: AsyncSession) -> ColumnElement[str] | ColumnElement[date]:
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(Question.received_at, 1, _DATE_LETTERS, type_=String)  # as a time it takes longer
    return cast(func.timezone("UTC", Question.received_at), Date)

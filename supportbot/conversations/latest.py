"""The latest questions with some words: enough for a page, found without looking through all that have them.

On PostgreSQL they are searched from a page's end downwards, by the number of the question. Numbers and times have
the same order, give or take a minute when several daemons write. SQLite's full-text index knows only its own
numbers, and reads all of it faster than PostgreSQL does, so there it is the latest of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.conversations.search import fts_matches, has_phrase, tsvector_matches
from supportbot.db.many_numbers import is_one_of
from supportbot.db.models import Answer, Question

_LATEST = 1_000
"""Texts that are looked at: enough for a page of words that many contain, and quickly read."""

_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Latest:
    """Questions that have the words, or an answer that has.

    Attributes:
        numbers: of the questions, in any order.
        since: after this time these are all; None if they are all that there are.
    """

    numbers: list[int]
    since: datetime | None


async def read_latest(session: AsyncSession, typed: str, below: datetime | None, *, is_sqlite: bool) -> Latest:
    """Return the latest questions with what is typed.

    Args:
        session: to read with.
        typed: the text of the search field.
        below: when the page before ended: on PostgreSQL what was asked later is left out; None for no such page.
        is_sqlite: which of the two databases is asked.
    """
    if is_sqlite:
        return await _in_sqlite(session, typed)
    return await _in_postgresql(session, typed, below)


async def _in_sqlite(session: AsyncSession, typed: str) -> Latest:
    questions = list(await session.scalars(_last(fts_matches("search_question", typed))))
    answers = list(await session.scalars(_last(fts_matches("search_answer", typed))))
    answered = select(Answer.question_id).where(is_one_of(Answer.id, answers, is_sqlite=True))
    found = [*questions, *await session.scalars(answered)]
    since: list[datetime | None] = []
    if len(questions) == _LATEST:
        since.append(await _asked_at(session, questions[-1]))
    if len(answers) == _LATEST:  # what was asked after this one was given has no answer of a lower number
        since.append(await session.scalar(select(Answer.created_at).where(Answer.id == answers[-1])))
    return _latest(found, since)


async def _in_postgresql(session: AsyncSession, typed: str, below: datetime | None) -> Latest:
    before = await _first_after(session, below + _SKEW) if below else None
    found: list[int] = []
    since: list[datetime | None] = []
    for record, number in ((Question, Question.id), (Answer, Answer.question_id)):
        query = select(number.label("id")).where(tsvector_matches(record, typed))
        if before is not None:
            query = query.where(number < before)
        numbers = list(await session.scalars(_last(query, aside=has_phrase(typed))))
        found += numbers
        if len(numbers) == _LATEST:
            since.append(await _asked_at(session, numbers[-1]))
    return _latest(found, since)


def _last(query: Select[int], *, aside: bool = False) -> Select[int]:
    """Return the highest numbers of a query.

    Args:
        query: its column is ``id``.
        aside: find all of them first. PostgreSQL does not know how rarely words stand together, and would go
            through very many texts from the newest on.
    """
    if aside:
        found = query.cte("found").prefix_with("MATERIALIZED")
        query = select(found.c.id)
    return query.order_by(query.selected_columns.id.desc()).limit(_LATEST)


async def _first_after(session: AsyncSession, at: datetime) -> int | None:
    query = select(Question.id).where(Question.received_at > at).order_by(Question.received_at, Question.id)
    return await session.scalar(query.limit(1))


async def _asked_at(session: AsyncSession, number: int) -> datetime | None:
    return await session.scalar(select(Question.received_at).where(Question.id == number))


def _latest(numbers: list[int], since: list[datetime | None]) -> Latest:
    last = max(filter(None, since), default=None)
    return Latest(numbers, last + _SKEW if last else None)

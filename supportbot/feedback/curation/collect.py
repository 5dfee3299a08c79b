"""From the log to candidates: what people thought of answers, what they said instead, what a colleague answered.

Each candidate is named by what it was made of (``answer:7``, ``feedback:3``, ``human:9``), and a walk takes only
what has no candidate yet, so collecting again costs little and changes nothing twice. Until a curator has touched
a candidate it follows the log: its votes, its label, and whether the correction still stands.

A question may have several answers (``intake.samples``). One that people liked is preferred to one that they
disliked, and to an earlier one that nobody liked: who asked wanted another, and liked that. Liking alone makes the
pair, wanting another says nothing.

No transaction is held while texts are redacted, which takes longer than reading and writing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db.models import Answer, Example, Feedback
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation import _log
from supportbot.feedback.curation._insert import Candidate, insert_new

_BATCH = 200
"""Rows that are read, redacted and written at a time; a write keeps SQLite's only writer for milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a walk changed: new candidates by source, and pending ones that followed the log."""

    new: Mapping[ExampleSource, int]
    refreshed: int
    withdrawn: int


async def collect(database: Database, *, keep: Collection[str] = ()) -> Collected:
    """Bring the candidates up to date with the log; ``keep`` is public, see ``redact``."""
    # Whatever somebody changes from now on is newer than what we are about to read.
    now = datetime.now(UTC)
    async with database.write() as session:
        withdrawn = await _withdraw(session)
    async with database.write() as session:
        refreshed = await _refresh(session)
    walks = {
        ExampleSource.VOTES: (_log.voted(), Answer.id),
        ExampleSource.CORRECTION: (_log.corrected(), Feedback.id),
        ExampleSource.HUMAN: (_log.by_people(), Answer.id),
    }
    new = {source: await _walk(database, source, *walk, now, keep) for source, walk in walks.items()}
    return Collected(new=new, refreshed=refreshed, withdrawn=withdrawn)


async def _walk(
    database: Database,
    source: ExampleSource,
    query: Select[*tuple[Any, ...]],
    number: InstrumentedAttribute[int],
    now: datetime,
    keep: Collection[str],
) -> int:
    last = new = 0
    while True:
        async with database.read() as session:
            rows = (await session.execute(query.where(number > last).order_by(number).limit(_BATCH))).all()
        if not rows:
            return new
        last = rows[-1].number
        candidates = await asyncio.to_thread(_log.candidates, source, rows, keep)
        async with database.write() as session:
            candidates = await _still_there(session, number, candidates)
            new += len(await insert_new(session, candidates, now))


async def _still_there(
    session: AsyncSession, number: InstrumentedAttribute[int], candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Leave out what was erased while it was redacted, or it would be written again; the rest stays till then."""
    numbers = {int(candidate.origin.rpartition(":")[2]): candidate for candidate in candidates}
    there = select(number).where(number.in_(numbers)).order_by(number).with_for_update()
    return [numbers[found] for found in await session.scalars(there)]


async def _withdraw(session: AsyncSession) -> int:
    """Take back what nobody decided on yet and the log no longer says; what it says instead is taken again.

    That is a correction that was changed or taken back, a bad answer that got a correction since, and a good one
    that is preferred to another sample since, or no more.
    """
    standing = select(Feedback.id).where(
        Example.origin == _log.origin_of("feedback:", Feedback.id),
        Feedback.answer_id == Example.origin_answer_id,
        _log.has_correction(),
        Feedback.updated_at <= Example.created_at,
    )
    corrected_since = and_(Example.label == ExampleLabel.BAD, _log.is_corrected(Example.origin_answer_id))
    is_preferred = and_(_log.net_votes(Example.origin_answer_id) > 0, _log.is_paired(Example.origin_answer_id))
    which = _locked(
        _untouched(),
        or_(
            and_(Example.source == ExampleSource.CORRECTION, ~standing.exists()),
            and_(Example.source == ExampleSource.VOTES, corrected_since),
            and_(Example.source == ExampleSource.VOTES, Example.rejected.is_(None), is_preferred),
            and_(Example.source == ExampleSource.VOTES, Example.rejected.is_not(None), ~is_preferred),
        ),
    )
    result = await session.execute(
        delete(Example)
        .where(Example.id.in_(which))
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


async def _refresh(session: AsyncSession) -> int:
    """Let pending candidates follow the votes; the label only until a curator has edited the text."""
    votes = _log.net_votes(Example.origin_answer_id)
    good, bad = (literal(value, Example.label.type) for value in (ExampleLabel.GOOD, ExampleLabel.BAD))
    label = case((votes > 0, good), (votes < 0, bad), else_=Example.label)
    follows = and_(Example.source == ExampleSource.VOTES, Example.curator.is_(None), Example.put_by.is_(None))
    which = _locked(
        Example.status == ExampleStatus.PENDING,
        Example.origin_answer_id.is_not(None),
        Example.source != ExampleSource.IMPORT,  # written in the playground: the votes were on another text
        Example.votes != votes,
    )
    result = await session.execute(
        update(Example)
        .where(Example.id.in_(which))
        .values(votes=votes, label=case((follows, label), else_=Example.label))
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


def _locked(*which: ColumnElement[bool]) -> Select[int]:
    """Select rows in the order in which curators lock theirs, so that neither waits for the other for ever."""
    return select(Example.id).where(*which).order_by(Example.id).with_for_update()


def _untouched() -> ColumnElement[bool]:
    return and_(Example.status == ExampleStatus.PENDING, Example.curator.is_(None), Example.put_by.is_(None))

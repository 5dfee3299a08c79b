"""Near-duplicates merged: of rows that say nearly the same, one stands for all.

The sorted neighbourhood method (Hernández and Stolfo, 1995, https://doi.org/10.1145/223784.223807): rows are read
in the order of a key that brings like rows together, and each is compared with the few that were read before it.
So a million rows need neither a million times a million comparisons nor much memory. What differs at the very
beginning of its key is not found; nothing is merged wrongly for that.

Only rows that could train a model now are merged. A row that waits, was rejected or lacks consent stands for none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import Row, Select, func, select, tuple_, update
from sqlalchemy.orm import aliased

from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus, Split
from supportbot.feedback.consent import counts_for_training
from supportbot.feedback.curation.keys import normalise, numbers_in

ALIKE = 90.0
"""Least similarity, in percent, of the questions and of the answers: a tenth of the letters may differ."""

WINDOW = 20
"""How many different rows before it a row is compared with."""

COMPARED = (
    Example.id,
    Example.sort_key,
    Example.label,
    Example.split,
    Example.votes,
    Example.prompt,
    Example.completion,
    Example.duplicate_of_id,
)
"""What is looked at of a row, see ``seen``."""

_BATCH = 2_000
_LONGEST_CHAIN = 64
"""Rounds that shorten chains; each halves them, so no chain of ours needs more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Which row stands for a row; None when it stands for itself."""

    example_id: int
    duplicate_of_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A row as it is compared; ``known`` is the mark that the database has."""

    example_id: int
    label: ExampleLabel
    split: Split
    votes: int
    question: str
    answer: str
    numbers: tuple[str, ...]
    known: int | None

    def is_like(self, other: Seen) -> bool:
        """Whether both say nearly the same of the same things."""
        return (
            self.label is other.label
            and self.numbers == other.numbers
            and fuzz.ratio(self.question, other.question, score_cutoff=ALIKE) > 0
            and fuzz.ratio(self.answer, other.answer, score_cutoff=ALIKE) > 0
        )

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The lowest stands for the others; a trained row before a held-out one, so nothing known is examined."""
        return self.split is not Split.TRAIN, -self.votes, self.example_id


class Neighbourhood:
    """The different rows that were read last."""

    def __init__(self) -> None:
        self._window: deque[Seen] = deque()

    def add(self, row: Seen) -> Iterator[tuple[Seen, int | None]]:
        """Take the next row in the order of the key; yield what is decided by now, each row once."""
        like = next((other for other in reversed(self._window) if other.is_like(row)), None)
        if like is not None:
            winner, loser = sorted((like, row), key=lambda one: one.rank)
            yield loser, winner.example_id
            if winner is like:
                return
            self._window.remove(like)
        self._window.append(row)
        # A row that leaves the window can't become a duplicate any more; before that its mark stays as it was,
        # so nobody who reads meanwhile takes a duplicate for an original.
        if len(self._window) > WINDOW:
            yield self._window.popleft(), None

    def finish(self) -> Iterator[tuple[Seen, int | None]]:
        """Yield the rows that are left, each standing for itself."""
        while self._window:
            yield self._window.popleft(), None


async def merge_duplicates(database: Database) -> int:
    """Mark the near-duplicates among all rows that could be trained on; return how many there are."""
    near = Neighbourhood()
    last: tuple[str, int] = ("", 0)
    while True:
        async with database.read() as session:
            rows = (await session.execute(_page(last))).all()
        if not rows:
            break
        last = rows[-1].sort_key, rows[-1].id
        await _write(database, await asyncio.to_thread(_compare, near, rows))
    await _write(database, _changes(near.finish()))
    await _shorten_chains(database)
    return await _count(database)


def _compare(near: Neighbourhood, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Mark]:
    return _changes(decided for row in rows for decided in near.add(seen(row)))


def _changes(decided: Iterable[tuple[Seen, int | None]]) -> list[Mark]:
    return [Mark(example_id=row.example_id, duplicate_of_id=mark) for row, mark in decided if mark != row.known]


def _page(last: tuple[str, int]) -> Select[*tuple[Any, ...]]:
    return (
        select(*COMPARED)
        .where(
            tuple_(Example.sort_key, Example.id) > last,
            # Said the long way round: for an equation SQLite takes the index on the status and sorts all rows
            # for every page, which a million rows make quadratic.
            Example.status.not_in([ExampleStatus.PENDING, ExampleStatus.REJECTED]),
            counts_for_training(Example.workspace_id),
        )
        .order_by(Example.sort_key, Example.id)
        .limit(_BATCH)
    )


def seen(row: Row[*tuple[Any, ...]]) -> Seen:
    """Return a row of ``COMPARED`` as it is compared."""
    question, answer = normalise(row.prompt), normalise(row.completion)
    return Seen(
        example_id=row.id,
        label=row.label,
        split=row.split,
        votes=row.votes,
        question=question,
        answer=answer,
        numbers=(*numbers_in(question), *numbers_in(answer)),
        known=row.duplicate_of_id,
    )


async def _write(database: Database, marks: Sequence[Mark]) -> None:
    if not marks:
        return
    async with database.write() as session:
        await session.execute(
            update(Example), [{"id": mark.example_id, "duplicate_of_id": mark.duplicate_of_id} for mark in marks]
        )


async def _shorten_chains(database: Database) -> None:
    """Let every duplicate name the row that is used: one that stood for others may have met a better one."""
    other = aliased(Example)
    beyond = select(other.duplicate_of_id).where(other.id == Example.duplicate_of_id).scalar_subquery()
    shorten = (
        update(Example)
        .where(beyond.is_not(None), beyond != Example.duplicate_of_id)
        .values(duplicate_of_id=beyond)
        .execution_options(synchronize_session=False)
    )
    for _ in range(_LONGEST_CHAIN):
        async with database.write() as session:
            if not (await session.execute(shorten)).rowcount:  # type: ignore[attr-defined]
                return


async def _count(database: Database) -> int:
    query = select(func.count()).where(
        Example.duplicate_of_id.is_not(None),
        Example.status == ExampleStatus.APPROVED,
        counts_for_training(Example.workspace_id),
    )
    async with database.read() as session:
        return await session.scalar(query) or 0

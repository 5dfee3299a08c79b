"""Keeping the queue in order: weights follow the log, and of corrections that are alike one stands for all.

What a curator is looking at stays as it is: a row that is leased keeps standing for itself. No transaction is held
while texts are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import table_of
from supportbot.db.clock import now
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.feedback.curation.alike import Group, groups
from supportbot.feedback.review.order import misplaced

_TABLE = table_of(Example)
_WEIGH = update(_TABLE).where(_TABLE.c.id == bindparam("row")).values(weight=bindparam("new"))


@dataclass(frozen=True, slots=True)
class _Place:
    """Which row stands for a correction now, and whether somebody looks at it."""

    stands_for_it: int | None
    is_leased: bool


async def arrange(database: Database) -> None:
    """Bring the order of what waits up to date."""
    await _weigh(database)
    await _put_together(database)


async def _weigh(database: Database) -> None:
    while True:
        async with database.read() as session:
            weights = await misplaced(session)
        if not weights:
            return
        async with database.write() as session:
            await session.execute(_WEIGH, [{"row": number, "new": weight} for number, weight in weights.items()])


async def _put_together(database: Database) -> None:
    async with database.read() as session:
        at = await now(session)
        places = await _places(session, at)
        found = await groups(session) if places else []
    marks = _marks(places, found)
    changed = [
        {"row": number, "new": marks.get(number)}
        for number, place in sorted(places.items())
        if marks.get(number) != place.stands_for_it
    ]
    if changed:
        free = or_(_TABLE.c.lease_until.is_(None), _TABLE.c.lease_until < at)
        mark = (
            update(_TABLE)
            .where(_TABLE.c.id == bindparam("row"), _TABLE.c.status == ExampleStatus.PENDING, free)
            .values(duplicate_of_id=bindparam("new"))
        )
        async with database.write() as session:
            await session.execute(mark, changed)


async def _places(session: AsyncSession, at: datetime) -> dict[int, _Place]:
    rows = await session.execute(
        select(Example.id, Example.duplicate_of_id, Example.lease_until).where(
            Example.status == ExampleStatus.PENDING, Example.source == ExampleSource.CORRECTION
        )
    )
    return {
        row.id: _Place(row.duplicate_of_id, row.lease_until is not None and row.lease_until >= at) for row in rows
    }


def _marks(places: Mapping[int, _Place], found: list[Group]) -> dict[int, int]:
    """Return which row stands for which: one that is looked at, else the one that did so before."""
    before = {place.stands_for_it for place in places.values()}
    marks: dict[int, int] = {}
    for group in found:
        members = [number for number in (group.shown, *group.others) if number in places]
        if not members:
            continue
        first = min(members, key=lambda number: (not places[number].is_leased, number not in before))
        marks |= {number: first for number in members if number != first and not places[number].is_leased}
    return marks

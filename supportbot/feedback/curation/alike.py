"""Corrections that say nearly the same, brought together: however many accounts sent one, it is one decision.

Accounts cost little, and fifty of them that say the same within minutes are more likely one person than fifty. So
a curator sees such corrections once, with how many accounts they came from and how fast, and decides on all at
once. Only words that were shown are approved, for a tenth of them can be another address: what says it otherwise
is rejected then. They are found as near-duplicates are (``duplicates``), among those that wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Example, Feedback
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.feedback.curation.duplicates import COMPARED, Neighbourhood, seen

MOST_TOGETHER = 2_000
"""Corrections that one decision takes: a transaction of seconds at most. What is beyond comes up once more."""

_PAGE = 2_000
_FROM = "feedback:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What is decided together.

    Attributes:
        others: the rows besides the one that stands for them.
        accounts: how many people sent them, as far as accounts tell people apart.
        within_seconds: from the first to the last; None where the log has them no more.
    """

    others: tuple[int, ...]
    accounts: int
    within_seconds: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Corrections that are alike: the row that stands for them, which is shown, and the others."""

    shown: int
    votes: int
    others: tuple[int, ...]


async def groups(session: AsyncSession) -> list[Group]:
    """Return the corrections that wait, those that are alike as one, the ones with the clearest votes first."""
    near = Neighbourhood()
    decided: list[tuple[int, int, int | None]] = []
    last: tuple[str, str, int] = ("", "", 0)
    # By the answer as well, so that many different corrections of one question do not part those that are alike.
    order = (Example.sort_key, Example.completion, Example.id)
    while True:
        query = (
            select(*COMPARED)
            .where(
                tuple_(*order) > last,
                Example.status == ExampleStatus.PENDING,
                Example.source == ExampleSource.CORRECTION,
            )
            .order_by(*order)
            .limit(_PAGE)
        )
        if not (rows := (await session.execute(query)).all()):
            break
        last = rows[-1].sort_key, rows[-1].completion, rows[-1].id
        decided += await asyncio.to_thread(_compared, near, rows)
    decided += [(row.example_id, row.votes, mark) for row, mark in near.finish()]
    return sorted(_grouped(decided), key=lambda group: (-abs(group.votes), group.shown))


async def accounts_of(session: AsyncSession, group: Group) -> Alike | None:
    """Return who sent a group, and how fast; None for a correction that is alone."""
    if not group.others:
        return None
    people: set[str | None] = set()
    times: list[datetime] = []
    ids = iter((group.shown, *group.others))
    while part := list(islice(ids, _PAGE)):
        rows = (await session.execute(select(Example.person, Example.origin).where(Example.id.in_(part)))).all()
        people.update(row.person for row in rows)
        votes = [int(row.origin.removeprefix(_FROM)) for row in rows if row.origin.startswith(_FROM)]
        times += await session.scalars(select(Feedback.updated_at).where(Feedback.id.in_(votes)))
    within = (max(times) - min(times)).total_seconds() if times else None
    return Alike(others=group.others, accounts=len(people), within_seconds=within)


def _compared(near: Neighbourhood, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[tuple[int, int, int | None]]:
    return [(row.example_id, row.votes, mark) for each in rows for row, mark in near.add(seen(each))]


def _grouped(decided: Iterable[tuple[int, int, int | None]]) -> Iterator[Group]:
    votes: dict[int, int] = {}
    stands_for: dict[int, int] = {}
    for number, net, mark in decided:
        votes[number] = net
        if mark is not None:
            stands_for[number] = mark
    members: dict[int, list[int]] = {number: [] for number in votes if number not in stands_for}
    for number in stands_for:
        members[_first(number, stands_for)].append(number)
    for shown, others in members.items():
        yield Group(shown, votes[shown], tuple(sorted(others)[: MOST_TOGETHER - 1]))


def _first(number: int, stands_for: Mapping[int, int]) -> int:
    """Return who stands for a row at the end: one that stood for others may have met a better one."""
    while number in stands_for:
        number = stands_for[number]
    return number

"""Who looks at which item: nobody is shown what another curator is looking at.

An item is leased to an open page for some minutes, by the database's clock, renewed while the page is open and
freed when it goes on. The next free item is found and leased in one statement: with ``SKIP LOCKED`` on PostgreSQL,
and on SQLite within ``BEGIN IMMEDIATE``. With it go the items that propose the same answer, since like things
should be judged alike, by one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from supportbot.db.clock import now
from supportbot.db.models import Example
from supportbot.feedback.review.order import KIND, WAITS, Kind

LEASE = timedelta(minutes=3)
"""How long an item stays with a page that says nothing more; pages renew it every minute."""

MOST_LIKE = 50
"""Items with the same answer that are offered with one."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A page that somebody reviews on.

    Attributes:
        operator_id: whose; a later page of the same person takes over what an earlier one left.
        page: random.
    """

    operator_id: int
    page: str

    @property
    def name(self) -> str:
        """As a lease has it."""
        return f"{self.operator_id}:{self.page}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items somebody wants to see; None for all."""

    kind: Kind | None = None
    workspace_id: int | None = None

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Return what must be so of a row."""
        return (
            *([KIND.in_([self.kind.value])] if self.kind else []),
            *([Example.workspace_id == self.workspace_id] if self.workspace_id is not None else []),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """The position of an item in the queue."""

    weight: int
    example_id: int

    def condition(self, *, backwards: bool) -> ColumnElement[bool]:
        """Return the condition that a row comes after it, or before it."""
        if backwards:
            lies = (Example.weight > self.weight, Example.id < self.example_id)
        else:
            lies = (Example.weight < self.weight, Example.id > self.example_id)
        return or_(lies[0], and_(Example.weight == self.weight, lies[1]))


async def take(
    session: AsyncSession,
    seat: Seat,
    choice: Choice,
    *,
    beyond: Place | None = None,
    backwards: bool = False,
    only: int | None = None,
    lease: timedelta = LEASE,
) -> int | None:
    """Lease the next free item, and free what the page held; return its number, None where there is none.

    Args:
        session: of a transaction that writes.
        seat: the page.
        choice: of which items.
        beyond: where to go on from; None for the beginning.
        backwards: the item before that place instead of the one behind it.
        only: this one and no other.
        lease: for how long.
    """
    at = await now(session)
    await free(session, seat)
    order = (Example.weight, Example.id.desc()) if backwards else (Example.weight.desc(), Example.id)
    found = (
        select(Example.id)
        .correlate(None)
        .where(WAITS, _is_free(seat, at), *choice.conditions())
        .where(*([beyond.condition(backwards=backwards)] if beyond else []))
        .where(*([Example.id == only] if only is not None else []))
        .order_by(*order)
        .limit(1)
        .with_for_update(skip_locked=True, of=Example)
    )
    taken = await session.scalar(
        update(Example)
        .where(Example.id == found.scalar_subquery())
        .values(lease_owner=seat.name, lease_until=at + lease)
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    if taken is not None:
        await _take_like(session, seat, taken, at, lease)
    return taken


async def _take_like(session: AsyncSession, seat: Seat, taken: int, at: datetime, lease: timedelta) -> None:
    shown = aliased(Example)
    query = (
        select(Example.id)
        .join(shown, and_(shown.completion == Example.completion, shown.label == Example.label))
        .where(shown.id == taken, Example.id != taken, WAITS, _is_free(seat, at))
        .order_by(Example.weight.desc(), Example.id)
        .limit(MOST_LIKE)
        .with_for_update(skip_locked=True, of=Example)
    )
    like = list(await session.scalars(query))
    await session.execute(
        update(Example)
        .where(Example.id.in_(like))
        .values(lease_owner=seat.name, lease_until=at + lease)
        .execution_options(synchronize_session=False)
    )


async def renew(session: AsyncSession, seat: Seat, *, lease: timedelta = LEASE) -> set[int]:
    """Hold on to what a page holds still; return the items."""
    until = await now(session) + lease
    held = await session.scalars(
        update(Example)
        .where(Example.lease_owner == seat.name)
        .values(lease_until=until)
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    return set(held)


async def free(session: AsyncSession, seat: Seat) -> None:
    """Give back what a page holds."""
    held = list(await session.scalars(select(Example.id).where(Example.lease_owner == seat.name)))
    await session.execute(
        update(Example)
        .where(Example.id.in_(held), Example.lease_owner == seat.name)
        .values(lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _is_free(seat: Seat, at: datetime) -> ColumnElement[bool]:
    return or_(
        Example.lease_until.is_(None),
        Example.lease_until < at,
        Example.lease_owner.startswith(f"{seat.operator_id}:", autoescape=True),
    )


def is_held_by_others(seat: Seat, at: datetime) -> ColumnElement[bool]:
    """Return the condition that somebody else looks at a row."""
    return and_(Example.lease_until >= at, ~_is_free(seat, at))

"""How far the queue is: what waits, where, and what was decided lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now
from supportbot.db.models import Example, ExampleDecision, Workspace
from supportbot.feedback.review.leases import Seat, is_held_by_others
from supportbot.feedback.review.order import KIND, WAITS, Kind

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many items of a kind wait in a workspace; ``workspace`` is its name, None for what is nobody's log."""

    kind: Kind
    workspace_id: int | None
    workspace: str | None
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How far the queue is.

    Attributes:
        waiting: by kind and workspace.
        held: items that others look at now.
        decided: decisions of the last 24 hours.
        decided_by_them: those of the person who asks.
    """

    waiting: Sequence[Waiting]
    held: int
    decided: int
    decided_by_them: int

    @property
    def number(self) -> int:
        """How many items wait."""
        return sum(one.number for one in self.waiting)


async def overview(session: AsyncSession, seat: Seat, by: str) -> Overview:
    """Return how far the queue is; ``by`` is as the audit calls who asks."""
    at = await now(session)
    kind = KIND.label("kind")
    counted = select(kind, Example.workspace_id, func.count().label("number")).where(WAITS)
    rows = (await session.execute(counted.group_by(kind, Example.workspace_id))).all()
    named = select(Workspace.id, Workspace.platform, Workspace.name, Workspace.external_id).where(
        Workspace.id.in_({row.workspace_id for row in rows if row.workspace_id is not None})
    )
    names = {row.id: f"{row.platform}:{row.name or row.external_id}" for row in await session.execute(named)}
    held = select(func.count()).select_from(Example).where(WAITS, is_held_by_others(seat, at))
    return Overview(
        waiting=[
            Waiting(
                kind=Kind(row.kind),
                workspace_id=row.workspace_id,
                workspace=names.get(row.workspace_id),
                number=row.number,
            )
            for row in rows
        ],
        held=await session.scalar(held) or 0,
        decided=await _decided(session, at),
        decided_by_them=await _decided(session, at, by),
    )


async def _decided(session: AsyncSession, at: datetime, by: str | None = None) -> int:
    query = select(func.count(func.distinct(ExampleDecision.deed))).where(ExampleDecision.decided_at > at - _DAY)
    if by is not None:
        query = query.where(ExampleDecision.decided_by == by)
    return await session.scalar(query) or 0

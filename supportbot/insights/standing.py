"""The state at this moment: what waits, what people have not answered, and where the bot is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import IS_OPEN, Conversation, Handoff, Question, Workspace
from supportbot.db.states import HandoffState

MOST_WORKSPACES = 200
"""Workspaces that one may choose from, those that were heard from last first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits.

    Attributes:
        count: how much.
        seconds: how long the oldest has waited.
    """

    count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A workspace that one may choose."""

    workspace_id: int
    platform: str
    external_id: str
    name: str


async def read_open_handoffs(session: AsyncSession, workspace_id: int | None) -> Queue:
    """Return the hand-offs that nobody has answered."""
    here = [] if workspace_id is None else [Handoff.workspace_id == workspace_id]
    query = select(func.count(), func.min(Handoff.asked_at)).where(Handoff.state == HandoffState.OPEN, *here)
    return await _queue(session, *(await session.execute(query)).one())


async def read_queue(session: AsyncSession, workspace_id: int | None) -> Queue:
    """Return the questions that have no answer yet."""
    query = select(func.count(), func.min(Question.received_at)).select_from(Question).where(IS_OPEN)
    if workspace_id is not None:
        query = query.join(Conversation, Question.conversation_id == Conversation.id).where(
            Conversation.workspace_id == workspace_id
        )
    return await _queue(session, *(await session.execute(query)).one())


async def read_places(session: AsyncSession) -> list[Place]:
    """Return the workspaces that one may choose from."""
    query = (
        select(Workspace.id, Workspace.platform, Workspace.external_id, Workspace.name)
        .order_by(Workspace.id.desc())
        .limit(MOST_WORKSPACES)
    )
    return [
        Place(workspace_id=row.id, platform=row.platform, external_id=row.external_id, name=row.name)
        for row in await session.execute(query)
    ]


async def _queue(session: AsyncSession, count: int, oldest: datetime | None) -> Queue:
    if oldest is None:
        return Queue(count=0, seconds=0.0)
    return Queue(count=count, seconds=max((await clock.now(session) - oldest).total_seconds(), 0.0))

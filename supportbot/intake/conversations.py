"""Where a question stands: its workspace, channel and conversation, made when they are first heard of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Channel, Conversation, Question, Workspace
from supportbot.intake.questions import IncomingQuestion


async def find_conversation(session: AsyncSession, incoming: IncomingQuestion, now: datetime) -> tuple[int, int]:
    """Return the ids of a question's workspace and conversation, which are made if they are new."""
    workspace_id = await _find_or_insert(
        session,
        Workspace,
        {"platform": incoming.platform, "external_id": incoming.workspace},
        {"name": incoming.workspace_name, "settings": {}, "created_at": now},
    )
    channel = {"workspace_id": workspace_id, "channel": incoming.channel}
    conversation_id = await _find_or_insert(
        session, Conversation, channel | {"thread": incoming.thread}, {"created_at": now}
    )
    if await session.get(Channel, (workspace_id, incoming.channel)) is None:
        await session.execute(_insert(session, Channel, channel))
    return workspace_id, conversation_id


async def insert_question(session: AsyncSession, values: Mapping[str, Any]) -> int | None:
    """Insert a question and return its id; None if another one has its identity."""
    return await session.scalar(_insert(session, Question, values).returning(Question.id))


async def _find_or_insert(
    session: AsyncSession,
    model: type[Workspace | Conversation],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
) -> int:
    """Return the id of the row with this unique key, inserting it if there is none."""
    find = select(model.id).filter_by(**key)
    if (found := await session.scalar(find)) is not None:
        return found
    inserted: int | None = await session.scalar(_insert(session, model, {**key, **values}).returning(model.id))
    if inserted is not None:
        return inserted
    found = await session.scalar(find)
    assert found is not None  # noqa: S101 - the unique constraint that refused the insert names this row
    return found


def _insert(
    session: AsyncSession, model: type[Workspace | Conversation | Channel | Question], values: Mapping[str, Any]
) -> sqlite.Insert | postgresql.Insert:
    """Return the statement that inserts a row unless a unique constraint is in the way."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(model).values(**values).on_conflict_do_nothing()

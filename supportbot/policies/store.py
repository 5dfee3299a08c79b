"""Policies in the database. This stands in for the store that policies are decided in, and is replaced by it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Workspace
from supportbot.policies.policy import Policy


async def effective(session: AsyncSession, workspace_id: int, channel: str) -> Policy:
    """Return what holds in a channel: so far, what was decided for its whole workspace.

    Args:
        session: to read with.
        workspace_id: the number of the workspace.
        channel: the platform's id of the channel.
    """
    settings = await session.scalar(select(Workspace.settings).where(Workspace.id == workspace_id))
    return Policy.model_validate((settings or {}).get("policy", {}))

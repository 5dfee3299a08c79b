"""Workspaces as decisions about them need them: there, and locked, so that whoever decides at once waits.

Questions that come meanwhile do not wait: a row that refers to a workspace takes a lock that goes with this one.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now
from supportbot.db.models import Workspace


async def lock_workspace(session: AsyncSession, platform: str, external_id: str) -> Workspace | None:
    """Return a workspace, locked until the transaction ends; None where nothing is known of it.

    Args:
        session: of a transaction that writes.
        platform: as in ``IncomingQuestion``.
        external_id: the platform's id of it.
    """
    query = select(Workspace).where(Workspace.platform == platform, Workspace.external_id == external_id)
    found: Workspace | None = await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    return found


async def make_workspace(session: AsyncSession, platform: str, external_id: str) -> Workspace:
    """Return a workspace, locked likewise; one that nothing was heard from yet is made, and has not consented."""
    found = await lock_workspace(session, platform, external_id)
    if found is not None:
        return found
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"platform": platform, "external_id": external_id, "name": "", "settings": {}}
    await session.execute(
        insert(Workspace).values(**values, created_at=await now(session)).on_conflict_do_nothing()
    )
    found = await lock_workspace(session, platform, external_id)
    assert found is not None  # noqa: S101 - it was inserted, here or by whoever was faster
    return found

"""What the admins of a workspace decided, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.policies.policy import Policy


async def decide(database: Database, platform: str, workspace: str, **settings: Any) -> None:
    """Let a policy hold in a workspace, which comes into being if it is not known."""
    policy = Policy().changed(settings).model_dump(mode="json")
    there = select(Workspace).where(Workspace.platform == platform, Workspace.external_id == workspace)
    async with database.write() as session:
        row = await session.scalar(there)
        if row is None:
            row = Workspace(platform=platform, external_id=workspace, settings={}, created_at=datetime.now(UTC))
            session.add(row)
        row.settings = {**row.settings, "policy": policy}

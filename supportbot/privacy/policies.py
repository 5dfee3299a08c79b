"""What a person decided about channels: which row says so, and the same row without their name.

The decision is the team's and stays. If the erased person was asked instead of the bot, nobody asks them any more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from supportbot.db.audit import ERASED
from supportbot.db.models import ChannelPolicy, Workspace
from supportbot.db.session import Database

_TARGET = "handoff_target"


async def decided_by(database: Database, names: Collection[str]) -> list[dict[str, Any]]:
    """Return what a person decided, or is named in, to be handed out."""
    query = select(ChannelPolicy, Workspace).join(Workspace, ChannelPolicy.workspace_id == Workspace.id)
    async with database.read() as session:
        return [
            {
                "workspace": workspace.external_id,
                "channel": row.channel,
                "settings": row.settings,
                "changed_by_them": row.changed_by in names,
                "changed_at": row.changed_at.isoformat(),
            }
            for row, workspace in await session.execute(query)
            if _tells_of(row, names)
        ]


async def hide_in_policies(database: Database, names: Collection[str]) -> int:
    """Take a person out of all decisions; return how many changed."""
    async with database.write() as session:
        rows = [row for row in await session.scalars(select(ChannelPolicy)) if _tells_of(row, names)]
        for row in rows:
            if row.changed_by in names:
                row.changed_by = ERASED
            if _target_of(row) in names:
                row.settings = {name: value for name, value in row.settings.items() if name != _TARGET}
        return len(rows)


def _tells_of(row: ChannelPolicy, names: Collection[str]) -> bool:
    return row.changed_by in names or _target_of(row) in names


def _target_of(row: ChannelPolicy) -> str:
    """Return the id of whom people may ask, without the platform and the signs that may stand before it."""
    return str(row.settings.get(_TARGET) or "").rpartition(":")[2].lstrip("@&")

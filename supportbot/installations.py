"""In which workspaces a platform's app is installed, where the daemon serves many: what there is, and its end.

Tokens are written and read by the platform's adapter; here they are only taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.clock import now
from supportbot.db.models import SlackBot, SlackOAuthState
from supportbot.db.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A workspace in which the app is installed.

    Attributes:
        workspace: the platform's id.
        name: what people call it.
        enterprise: the organisation that it belongs to, if any.
        client_id: of the app.
        installed_at: when, the last time.
        token_expires_at: when its token ends unless it is renewed; None for one that stays.
    """

    workspace: str
    name: str
    enterprise: str | None
    client_id: str
    installed_at: datetime
    token_expires_at: datetime | None


async def installed(session: AsyncSession, workspace: str | None = None) -> list[Installed]:
    """Return the workspaces in which the app is installed, or the one of this id, the oldest first."""
    query = select(SlackBot).where(SlackBot.team_id.is_not(None)).order_by(SlackBot.installed_at, SlackBot.id)
    if workspace is not None:
        query = query.where(SlackBot.team_id == workspace)
    return [
        Installed(
            workspace=row.team_id or "",
            name=row.team_name or "",
            enterprise=row.enterprise_id,
            client_id=row.client_id,
            installed_at=row.installed_at.replace(tzinfo=UTC),
            token_expires_at=row.bot_token_expires_at and row.bot_token_expires_at.replace(tzinfo=UTC),
        )
        for row in await session.scalars(query)
    ]


async def remove(
    database: Database,
    workspace: str,
    by: str,
    *,
    action: str = "workspace.remove",
    before: datetime | None = None,
) -> bool:
    """Take the token of a workspace away; nothing is heard from it or sent there any more.

    Args:
        database: where it is.
        workspace: the platform's id.
        by: who does that, for the audit.
        action: what was done, for the audit.
        before: only if the app was not installed again since then.

    Returns:
        Whether there was one.
    """
    which = SlackBot.team_id == workspace
    if before is not None:
        which = which & (SlackBot.installed_at <= before.astimezone(UTC).replace(tzinfo=None))
    async with database.write() as session:
        gone = (await session.scalars(delete(SlackBot).where(which).returning(SlackBot.id))).all()
        if gone:
            audit.record(session, actor=by, action=action, subject=subject_of(workspace))
    return bool(gone)


def subject_of(workspace: str) -> str:
    """Return what the audit calls a workspace."""
    return f"workspace:slack:{workspace}"


async def count_begun(session: AsyncSession) -> int:
    """Return how many installations are in progress; those that were never finished in time are forgotten
    first."""
    at = (await now(session)).astimezone(UTC).replace(tzinfo=None)
    await session.execute(delete(SlackOAuthState).where(SlackOAuthState.expire_at <= at))
    return await session.scalar(select(func.count()).select_from(SlackOAuthState)) or 0

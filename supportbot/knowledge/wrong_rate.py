"""How often the bot may be wrong, where an operator chose that while it runs: one number, above the setting.

It is in the database, so all daemons follow it. Without one, ``SUPPORTBOT_WRONG_RATE`` applies.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import KnowledgeState
from supportbot.db.session import Database
from supportbot.knowledge.manage import KnowledgeError
from supportbot.knowledge.store import raise_revision

LEAST, MOST = 0.001, 0.5
"""Shares that may be chosen; with the most, every other answer may be wrong."""


async def chosen(session: AsyncSession) -> float | None:
    """Return the share that was chosen; None where the setting holds."""
    return await session.scalar(select(KnowledgeState.wrong_rate))


async def choose(database: Database, share: float | None, by: str) -> None:
    """Choose how often the bot may be wrong; daemons follow within two seconds.

    Args:
        database: whose daemons.
        share: of the questions in scope, from ``LEAST`` to ``MOST``; None for that of the setting.
        by: the person.

    Raises:
        KnowledgeError: it is no such share.
        ConfigError: nobody is named.
    """
    audit.check_actor(by)
    if share is not None and not LEAST <= share <= MOST:
        raise KnowledgeError(f"The share of wrong answers is from {LEAST:.1%} to {MOST:.0%}: choose another.")
    async with database.write() as session:
        await raise_revision(session)  # which makes the row where there is none, and writers wait for one another
        before = await chosen(session)
        await session.execute(
            update(KnowledgeState).values(wrong_rate=share).execution_options(synchronize_session=False)
        )
        audit.record(
            session,
            actor=by,
            action="knowledge.calibrate",
            subject="knowledge",
            details={"wrong_rate": share, "before": before},
        )


async def with_chosen(database: Database, settings: Settings) -> Settings:
    """Return the settings with the share that holds."""
    async with database.read() as session:
        share = await chosen(session)
    return settings if share is None else settings.model_copy(update={"wrong_rate": share})

"""Which daemons run on a database that machines share, and which model each answers with.

Each daemon records it every few seconds. Nothing depends on it: it is for people.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.models import Daemon

SAY_SECONDS = 5.0
"""How often a daemon says that it is there."""

GONE = timedelta(seconds=30)
"""After so long a daemon that says nothing is taken for gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDaemon:
    """A daemon as it last said it.

    Attributes:
        owner: the name of its process.
        host: the machine.
        version: what it answers with.
        versions: what its home has.
        problem: why it does not answer with the live version; None where it does.
        seen_at: when that was, by the database's clock.
    """

    owner: str
    host: str
    version: str
    versions: tuple[str, ...]
    problem: str | None
    seen_at: datetime


async def say(
    session: AsyncSession, owner: str, host: str, version: str, versions: Collection[str], problem: str | None
) -> None:
    """Write down how a daemon stands; what others have left behind is cleared away."""
    now = await clock.now(session)
    await session.execute(delete(Daemon).where(Daemon.seen_at < now - GONE, Daemon.owner != owner))
    row = Daemon(owner=owner, host=host, version=version, versions=sorted(versions), problem=problem, seen_at=now)
    await session.merge(row)


async def leave(session: AsyncSession, owner: str) -> None:
    """Take back what a daemon said: it stops."""
    await session.execute(delete(Daemon).where(Daemon.owner == owner))


async def running(session: AsyncSession) -> list[RunningDaemon]:
    """Return the daemons that were seen lately, by machine."""
    since = await clock.now(session) - GONE
    rows = await session.scalars(select(Daemon).where(Daemon.seen_at >= since).order_by(Daemon.host, Daemon.owner))
    return [
        RunningDaemon(
            owner=row.owner,
            host=row.host,
            version=row.version,
            versions=tuple(row.versions),
            problem=row.problem,
            seen_at=row.seen_at,
        )
        for row in rows
    ]

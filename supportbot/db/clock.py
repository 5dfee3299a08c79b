"""The one clock that all daemons on a database share: the database's own.

Two machines may be minutes apart. If each went by its own clock, one would take the other's work for abandoned, or
wait for a lease that ran out long ago.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import UtcDateTime

_NOW = select(func.clock_timestamp(type_=UtcDateTime()))


async def now(session: AsyncSession) -> datetime:
    """Return the database's time, in UTC."""
    if session.get_bind().dialect.name == "sqlite":  # a file of this machine
        return datetime.now(UTC)
    return (await session.execute(_NOW)).scalar_one()


def now_of(connection: Connection) -> datetime:
    """Return the database's time, in UTC, for code that runs in a thread."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return connection.execute(_NOW).scalar_one()

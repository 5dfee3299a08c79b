"""A transaction of ours, lent to a library that would open its own on an engine.

So what the library writes is committed with what belongs to it, such as the audit, or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeAlias, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

Lent: TypeAlias = AsyncEngine
"""What a library may use for as long as the transaction lasts, as if it were an engine."""


class _Lent:
    """What libraries use of an engine; both doors lead to the one transaction, which they don't end."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        yield self._connection

    connect = begin


async def lend(session: AsyncSession) -> Lent:
    """Return an engine for a library, good for as long as the session's transaction lasts."""
    return cast(Lent, _Lent(await session.connection()))

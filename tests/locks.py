"""Two transactions at once on PostgreSQL: a test says which of them waits, and when the other goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.session import Database

T = TypeVar("T")

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For tests of what SQLite, which has one writer at a time, can't get into."""

_BLOCKED = select(func.count()).select_from(
    text("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
)


@asynccontextmanager
async def nobody_commits(database: Database) -> AsyncIterator[AsyncSession]:
    """Keep all who do something that the audit tells of from ending it meanwhile."""
    async with database.write() as session:
        await session.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        yield session


async def begun(database: Database, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Return a task of some work that has come as far as to wait for another transaction's lock."""
    before = await _count(database)
    task = asyncio.create_task(work)
    async with asyncio.timeout(30):
        while not task.done():
            if await _count(database) > before:
                return task
            await asyncio.sleep(0.01)
    raise AssertionError(f"It waited for nobody: {task.exception() or 'it is done'}")


async def _count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(_BLOCKED) or 0

"""Threads of SQLite's connections end before the event loop does."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from sqlalchemy import text

from supportbot.db.session import Database


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


def test_no_thread_outlives_the_loop(migrated_sqlite: Path) -> None:
    """Whoever is cancelled at any moment of a statement leaves no thread that reports to a loop which is gone."""
    before = _threads()

    async def use(database: Database) -> None:
        async with database.read() as session:
            for _ in range(20):
                await session.execute(text("SELECT count(*) FROM sqlite_master, sqlite_master"))

    async def cancel_after(steps: int) -> None:
        database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
        task = asyncio.create_task(use(database))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.aclose()

    for steps in range(1, 60):
        asyncio.run(cancel_after(steps))
        assert _threads() <= before

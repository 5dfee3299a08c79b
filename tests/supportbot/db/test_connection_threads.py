"""Threads of SQLite's connections end before the event loop does."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import text

from supportbot.db.session import Database


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


def test_no_thread_outlives_the_loop(migrated_sqlite: Path) -> None:
    """Whoever is cancelled at any moment leaves no open connection, and no thread that reports to a dead loop."""
    before = _threads()

    async def use(database: Database) -> None:
        async with database.read() as session:
            for _ in range(3):
                await session.execute(text("SELECT count(*) FROM sqlite_master"))

    async def cancel_at(step: int) -> bool:
        """Cancel just before a thread has reported for the so manieth time; return whether it came to that."""
        loop, reports = asyncio.get_running_loop(), 0
        report = loop.call_soon_threadsafe
        database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
        task = asyncio.create_task(use(database))

        def counting(callback: Any, *arguments: Any, **options: Any) -> asyncio.Handle:
            nonlocal reports
            reports += 1
            if reports == step:
                report(task.cancel)
            return report(callback, *arguments, **options)

        setattr(loop, "call_soon_threadsafe", counting)  # noqa: B010 - mypy knows that a method is no variable
        await asyncio.gather(task, return_exceptions=True)
        await database.aclose()
        return task.cancelled()

    steps = 1
    gc.freeze()  # what this process has imported takes a collection most of its time
    try:
        while asyncio.run(cancel_at(steps)):
            assert _threads() <= before
            gc.collect()  # a connection that was left open says so now
            steps += 1
    finally:
        gc.unfreeze()
    assert steps > 10


async def test_what_was_dropped_unfinished_is_closed(migrated_sqlite: Path) -> None:
    """A transaction that somebody began and never ended ends with the database."""
    before = _threads()
    database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
    begun = asyncio.Event()

    async def hold() -> None:
        async with database.write() as session:
            await session.execute(text("SELECT 1"))
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await begun.wait()
    await database.aclose()
    assert _threads() <= before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.write() as session:  # nobody has the lock any more
        await session.execute(text("SELECT 1"))
    await database.aclose()

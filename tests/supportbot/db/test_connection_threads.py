"""Threads of SQLite's connections end before the event loop does."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from supportbot.db.session import Database


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_no_thread_outlives_the_loop(writes: bool, migrated_sqlite: Path) -> None:
    """Who is cancelled at any moment leaves no connection, no lock, and no thread that reports to a dead loop."""
    before = _threads()

    async def use(database: Database) -> None:
        async with database.write() if writes else database.read() as session:
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
        async with database.write() as session:  # while the task holds a traceback, and that a cursor
            await session.execute(text("UPDATE knowledge_state SET revision = revision"))
        await database.aclose()
        return task.cancelled()

    gc.collect()
    gc.freeze()  # what is here already is not looked through again at each step
    steps = 1
    while asyncio.run(cancel_at(steps)):
        assert _threads() <= before
        gc.collect()  # a connection that was left open says so now
        steps += 1
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


async def test_what_was_told_to_stop_is_not_waited_for(migrated_sqlite: Path) -> None:
    """Whoever gives a connection up in the middle of a statement stops its thread, which then answers no more."""
    before = _threads()
    database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
    lent = await database.engine.raw_connection()
    connection, busy = lent.driver_connection, threading.Event()
    assert connection is not None
    connection._tx.put_nowait((None, busy.wait))
    connection.stop()
    closing = asyncio.create_task(database.aclose())
    asyncio.get_running_loop().call_soon(busy.set)
    async with asyncio.timeout(30):  # it waited for ever
        await closing
    assert _threads() <= before
    lent.invalidate()


async def test_what_is_being_opened_is_closed(migrated_sqlite: Path) -> None:
    """A connection that somebody began to open, at any moment before the database closes, does not stay open."""
    before, step = _threads(), 1

    async def use(database: Database) -> None:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))

    is_over = False
    while not is_over:
        database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
        task = asyncio.create_task(use(database))
        for _ in range(step):
            await asyncio.sleep(0)
        is_over = task.done()
        step += 1 + step // 8  # most turns only wait for the thread: each is like the next
        await database.aclose()
        await asyncio.gather(task, return_exceptions=True)
        gc.collect(0)  # a connection that was left open says so now
        assert _threads() <= before
    assert step > 10

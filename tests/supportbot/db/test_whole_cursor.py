"""Statements on SQLite through SQLAlchemy: one trip to the connection's thread each, and nothing lost on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.session import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Give a database with one table of two rows."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'any.db'}")
    async with opened.write() as session:
        await session.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        await session.execute(text("INSERT INTO thing (name) VALUES (:name)"), [{"name": "a"}, {"name": "b"}])
    yield opened
    await opened.aclose()


async def _trips(session: AsyncSession, statement: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often the thread reports to the event loop until a statement's rows are there."""
    loop, reports = asyncio.get_running_loop(), 0
    report = loop.call_soon_threadsafe

    def counting(callback: Any, *arguments: Any, **options: Any) -> asyncio.Handle:
        nonlocal reports
        reports += 1
        return report(callback, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "call_soon_threadsafe", counting)
        (await session.execute(text(statement))).all()
    return reports


async def test_a_statement_takes_one_trip(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows come back with the statement that asks for them."""
    async with database.read() as session:
        await session.execute(text("SELECT 1"))  # the transaction has begun
        assert await _trips(session, "SELECT name FROM thing", monkeypatch) == 1


async def test_rows_numbers_and_empty_results(database: Database) -> None:
    """Rows, their count, and what was inserted and changed are what SQLite says."""
    async with database.write() as session:
        assert (await session.execute(text("SELECT name FROM thing ORDER BY id"))).scalars().all() == ["a", "b"]
        assert (await session.execute(text("SELECT name FROM thing WHERE id > 9"))).all() == []
        connection = await session.connection()
        assert (await connection.execute(text("UPDATE thing SET name = name || '!'"))).rowcount == 2
        added = await connection.execute(text("INSERT INTO thing (name) VALUES ('c')"))
        assert added.lastrowid == 3
        deleted = await connection.execute(text("DELETE FROM thing WHERE id < 3 RETURNING name"))
        assert deleted.scalars().all() == ["a!", "b!"]


async def test_a_failed_statement_keeps_the_transaction(database: Database) -> None:
    """What SQLite refuses is SQLAlchemy's exception of that kind, and the transaction goes on after it."""
    async with database.write() as session:
        await session.execute(text("INSERT INTO thing (name) VALUES ('c')"))
        with pytest.raises(IntegrityError):
            await session.execute(text("INSERT INTO thing (name) VALUES ('a')"))
        with pytest.raises(OperationalError):
            await session.execute(text("SELECT nothing FROM nowhere"))
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM thing")) == 3

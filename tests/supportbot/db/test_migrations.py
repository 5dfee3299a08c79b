"""Migrations: they make the schema of the models, lose no row, and can be reverted, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from supportbot.db import models
from supportbot.db.schema import alembic_config, check_schema, current_revision, migrate
from supportbot.db.session import Database
from supportbot.errors import DatabaseError
from tests.conftest import create_postgres_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    return create_postgres_database(request.getfixturevalue("postgres_url"), "template0")


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_migrated_schema_is_that_of_the_models(empty_url: str) -> None:
    """After all migrations, nothing differs between the database and the models."""
    database = Database(empty_url)
    await migrate(database)
    await check_schema(database)

    def differences(connection: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, parents: models.is_record(name, kind)}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, models.Question.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.aclose()


async def test_migrations_can_be_reverted_and_repeated(empty_url: str) -> None:
    """Down to nothing and up again works; so each migration has a working way back."""
    database = Database(empty_url)
    await migrate(database)
    await asyncio.to_thread(command.downgrade, alembic_config(empty_url), "base")
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_tables) <= {"alembic_version"}
    await migrate(database)
    await migrate(database)
    await check_schema(database)
    await database.aclose()


async def test_empty_database_is_told_apart_from_a_newer_one(empty_url: str) -> None:
    """An empty database asks for `init`; one of a newer program is never touched."""
    database = Database(empty_url)
    with pytest.raises(DatabaseError, match="supportbot init"):
        await check_schema(database)
    await migrate(database)
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (check_schema, migrate):
        with pytest.raises(DatabaseError, match="newer than this program"):
            await refuse(database)
    assert await current_revision(database) == "9999"
    await database.aclose()


async def test_sqlite_is_opened_with_its_safety_settings(tmp_path: Path) -> None:
    """Write-ahead log, full synchronisation, foreign keys and patience are on in every connection."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    async with database.read() as session:
        for pragma, value in wanted.items():
            assert await session.scalar(text(f"PRAGMA {pragma}")) == value
    await database.aclose()


async def test_concurrent_read_and_write_lose_no_update(database: Database) -> None:
    """Fifty transactions that each read a number and write the next one end at fifty."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
        await session.execute(text("INSERT INTO counter VALUES (1, 0)"))
    # PostgreSQL locks rows, and only when asked; SQLite has locked the file already.
    read = "SELECT value FROM counter" if database.is_sqlite else "SELECT value FROM counter FOR UPDATE"

    async def add_one() -> None:
        async with database.write() as session:
            value = await session.scalar(text(read))
            await session.execute(text("UPDATE counter SET value = :value"), {"value": (value or 0) + 1})

    await asyncio.gather(*(add_one() for _ in range(50)))
    async with database.read() as session:
        assert await session.scalar(text("SELECT value FROM counter")) == 50


async def test_unreachable_server_is_a_sentence_without_the_password() -> None:
    """A server that does not answer is told with the setting's name, and the password is not shown."""
    database = Database("postgresql+psycopg://user:hunter22@127.0.0.1:9/none")
    with pytest.raises(DatabaseError, match="SUPPORTBOT_DATABASE_URL") as caught:
        await database.check()
    assert "hunter22" not in str(caught.value)
    await database.aclose()

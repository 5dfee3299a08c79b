"""After an erasure: the file is written again without what was erased, and the write-ahead log is emptied.

SQLite overwrites what is deleted (``secure_delete``), but pages that were split may keep an old copy, and the log
has the pages as they were. Its full-text indexes only note that a text is gone, so they are made again from what
is left. PostgreSQL's VACUUM frees the rows; their bytes are overwritten by later rows, and stay in the server's
own log and backups for as long as those are kept.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from supportbot.db.base import Base
from supportbot.db.session import Database

TABLES = (
    *("answer", "audit", "channel", "channel_policy", "conversation", "entry", "example"),
    "example_decision",
    *("feedback", "foreign_question", "handoff", "outbox", "passage", "question", "wording"),
)
"""Those that an erasure touches."""

SEARCH_INDEXES = ("search_question", "search_answer")
"""Of SQLite; on PostgreSQL the words are in the row, and are deleted with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What became of it.

    Attributes:
        is_whole: whether nothing of what was erased is left in the files of the database.
        problem: what is in the way, and what to do; empty if nothing is.
    """

    is_whole: bool
    problem: str = ""


async def compact(database: Database) -> Compacted:
    """Write the database again without what was erased; waits for the write lock as every command does."""
    if not database.is_sqlite:
        return await _vacuum_postgresql(database)
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - it was connected just now
        try:
            for index in SEARCH_INDEXES:
                rebuild = f"INSERT INTO {index} ({index}) VALUES ('rebuild')"  # noqa: S608 - a name of ours
                await (await driver.execute(rebuild)).close()
            await (await driver.execute("VACUUM")).close()
        except sqlite3.OperationalError as error:
            return Compacted(
                is_whole=False,
                problem=f"The rows are deleted, but the file could not be rewritten ({error}): "
                "run `supportbot privacy compact` when there is less load, and space on the disk.",
            )
    return await empty_log(database)


async def empty_log(database: Database) -> Compacted:
    """Move SQLite's write-ahead log into the file, and cut it off."""
    if not database.is_sqlite:
        return Compacted(is_whole=True)
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - as above
        cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy = (await cursor.fetchone())[0]
        await cursor.close()
    if is_busy:
        return Compacted(
            is_whole=False,
            problem="The rows are deleted, but another process is reading the database, so its "
            "log (…-wal) still has them: run `supportbot privacy compact` again.",
        )
    return Compacted(is_whole=True)


def size_of(database: Database) -> int:
    """Return the bytes of a SQLite file; 0 for PostgreSQL, which compacts beside everything else."""
    if not database.is_sqlite or not database.url.database:
        return 0
    return Path(database.url.database).stat().st_size


async def _vacuum_postgresql(database: Database) -> Compacted:
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for table in TABLES:
            assert table in Base.metadata.tables  # noqa: S101 - a name of ours, so it is safe within a statement
            await connection.execute(text(f"VACUUM {table}"))
    return Compacted(is_whole=True)

"""How the database is opened: SQLite with the settings that keep it safe, or PostgreSQL, behind two doors.

``read()`` gives a session whose transaction only looks; ``write()`` one that will change something. On SQLite
the difference matters: a transaction that reads first and writes later fails, or loses updates, when somebody
else wrote in between, so a writing one takes the write lock at its BEGIN.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from supportbot.errors import DatabaseError

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another's write lock; inbox commits take milliseconds."""

_WRITES = "supportbot_writes"


class Database:
    """An open database.

    Args:
        url: a SQLAlchemy URL, ``sqlite+aiosqlite://`` or ``postgresql+psycopg://``.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = create_engine(url)
        self._read = async_sessionmaker(self.engine, expire_on_commit=False)
        writing = self.engine.execution_options(**{_WRITES: True})
        self._write = async_sessionmaker(writing, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file that one daemon owns."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_missing(self) -> bool:
        """Whether this is a SQLite file that does not exist yet; opening it would make an empty one."""
        return self.is_sqlite and bool(self.url.database) and not Path(str(self.url.database)).exists()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that changes nothing."""
        async with self._read() as session, session.begin():
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that is committed at the end, or rolled back by an exception."""
        async with self._write() as session, session.begin():
            yield session

    async def check(self) -> None:
        """Prove that the database answers.

        Raises:
            DatabaseError: it doesn't; the sentence says which and what to look at.
        """
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except (DriverError, OSError) as error:
            raise DatabaseError(
                f"The database {self.url.render_as_string()} cannot be used "
                f"({_first_line(error)}): check SUPPORTBOT_DATABASE_URL, that the server runs, or the file itself."
            ) from error

    async def check_integrity(self) -> None:
        """Have SQLite look through its file for damage; PostgreSQL watches over its own pages.

        Raises:
            DatabaseError: the file is damaged.
        """
        if not self.is_sqlite:
            return
        try:
            async with self.read() as session:
                found = await session.scalar(text("PRAGMA quick_check(1)"))
        except DriverError as error:
            found = _first_line(error)
        if found != "ok":
            raise DatabaseError(f"{self.url.database} is damaged ({found}): restore it from a backup.")

    async def aclose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def create_engine(url: str) -> AsyncEngine:
    """Return an engine with the SQLite settings of this project; used by the daemon and by migrations."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
    event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # Python's own driver opens transactions late and by itself; we say BEGIN, see below.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged question survives a power cut, for about 20 % of write speed
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased is overwritten, by whichever process erases it
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__

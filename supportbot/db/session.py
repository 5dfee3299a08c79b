"""How the database is opened: SQLite with the settings that keep it safe, or PostgreSQL, behind three doors.

``read()`` gives a session whose transaction only looks; ``write()`` one that will change something. On SQLite
the difference matters: a transaction that reads first and writes later fails, or loses updates, when somebody
else wrote in between, so a writing one takes the write lock at its BEGIN. ``commit()`` is the door for what is
written with every question: a tenth of the time, for a plain function of a connection; see ``group_commit``.

A fault of the storage, such as a full disk, leaves all doors as a ``DatabaseError`` with a sentence, and
``health`` remembers it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, event, make_url, text
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from supportbot.db.connection_threads import ConnectionThreads
from supportbot.db.faults import STORAGE_ERRORS, Fault, fault_of
from supportbot.db.files import Files
from supportbot.db.group_commit import GroupCommit
from supportbot.db.health import Health
from supportbot.db.pinging import ping_after_a_pause
from supportbot.db.reasons import reason
from supportbot.errors import DatabaseError

T = TypeVar("T")
Item = TypeVar("Item")

LOCK_SECONDS = 10.0
"""How long a connection waits for another's write lock; inbox commits take milliseconds."""

_WRITES = "supportbot_writes"


class _Connection(sqlite3.Connection):
    """A connection that ends its transaction when it is closed.

    SQLite closes one only after its last cursor is gone. Whoever was cancelled in the middle of a statement left a
    cursor in the traceback; until that was collected, the transaction kept the write lock from everybody else.
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


_CONNECT = {"factory": _Connection}


class Database:
    """An open database.

    Args:
        url: a SQLAlchemy URL, ``sqlite+aiosqlite://`` or ``postgresql+psycopg://``.
        lock_seconds: how long to wait for SQLite's one writer at most.
    """

    def __init__(self, url: str, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.url = make_url(url)
        self.health = Health()
        files = Files(path) if (path := sqlite_path(self.url)) else None
        self.engine = create_engine(url, files, lock_seconds)
        self._threads = ConnectionThreads(self.engine.sync_engine) if self.is_sqlite else None
        self._read = async_sessionmaker(self.engine, expire_on_commit=False)
        writing = self.engine.execution_options(**{_WRITES: True})
        self._write = async_sessionmaker(writing, expire_on_commit=False)
        self._group = GroupCommit(create_blocking_engine(self.url, files, lock_seconds), together=self.is_sqlite)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file that one daemon owns."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """What to call it in a sentence: a file by its path, a server by nothing that tells where it is."""
        return f"The database {self.url.database}" if self.is_sqlite else "The PostgreSQL database"

    @property
    def is_missing(self) -> bool:
        """Whether this is a SQLite file that does not exist yet; opening it would make an empty one."""
        return self.path is not None and not self.path.exists()

    @property
    def path(self) -> Path | None:
        """The file of SQLite; None where there is none."""
        return sqlite_path(self.url)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that changes nothing.

        Raises:
            DatabaseError: the storage fails; what else is wrong comes as SQLAlchemy's.
        """
        with self._told():
            async with self._read() as session, session.begin():
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that is committed at the end, or rolled back by an exception.

        Raises:
            DatabaseError: the storage fails; what else is wrong comes as SQLAlchemy's.
        """
        with self._told():
            async with self._write() as session, session.begin():
                yield session

    async def commit(self, work: Callable[[Connection], T]) -> T:
        """Run a function of a connection in a thread; return what it returned once that is committed.

        Args:
            work: works on its connection alone, and may be run again if the transaction that it shares fails.

        Raises:
            DatabaseError: the storage fails; what else is wrong comes as SQLAlchemy's.
        """
        with self._told():
            return await self._group.run(work)

    async def commit_together(self, work: Callable[[Connection, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Do likewise with a function of all items that wait for it; see ``GroupCommit.run_together``.

        Raises:
            DatabaseError: as ``commit``.
        """
        with self._told():
            return await self._group.run_together(work, item)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """What runs the statements of all doors, for those who listen to their events."""
        return self.engine.sync_engine, self._group.engine

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except STORAGE_ERRORS as error:
            fault = fault_of(error)
            if fault is None:
                raise
            self.health.failed(fault)
            raise DatabaseError(fault.value) from error

    async def check(self) -> None:
        """Prove that the database answers.

        Raises:
            DatabaseError: it doesn't; the sentence says which and what to look at.
        """
        try:
            async with self._read() as session:
                await session.execute(text("SELECT 1"))
        except (DriverError, OSError) as error:
            if (fault := fault_of(error)) not in (None, Fault.NOT_OPENED, Fault.NO_SERVER):
                raise DatabaseError(fault.value) from error
            raise DatabaseError(
                f"{self.name} cannot be used ({reason(error)}): "
                "check SUPPORTBOT_DATABASE_URL, that the server runs, or the file itself."
            ) from error

    async def check_integrity(self) -> None:
        """Have SQLite look through its file for damage; PostgreSQL watches over its own pages.

        Raises:
            DatabaseError: the file is damaged.
        """
        if not self.is_sqlite:
            return
        try:
            async with self._read() as session:
                found = await session.scalar(text("PRAGMA quick_check(1)"))
        except DriverError as error:
            found = reason(error)
        if found != "ok":
            raise DatabaseError(f"{self.url.database} is damaged ({found}): restore it from a backup.")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._group.aclose()
        await self.engine.dispose()
        if self._threads:
            await self._threads.aclose()


def create_blocking_engine(url: URL, files: Files | None = None, lock_seconds: float = LOCK_SECONDS) -> Engine:
    """Return an engine for threads, each of whose transactions writes."""
    if url.get_backend_name() != "sqlite":
        engine = create_sync_engine(url, hide_parameters=True)
        ping_after_a_pause(engine)
        return engine
    engine = create_sync_engine(url.set(drivername="sqlite"), hide_parameters=True, connect_args=_CONNECT)
    _prepare_sqlite(engine, files, lock_seconds)
    return engine.execution_options(**{_WRITES: True})


def create_engine(url: str, files: Files | None = None, lock_seconds: float = LOCK_SECONDS) -> AsyncEngine:
    """Return an engine with the SQLite settings of this project; used by the daemon and by migrations."""
    # Parameters are what people wrote: no error of a statement and no log of statements may name them.
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(url, hide_parameters=True, connect_args=_CONNECT)
    _prepare_sqlite(engine.sync_engine, files, lock_seconds)
    return engine


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a URL; None for a server, and for a database in memory or with a URI of SQLite's own."""
    name = url.database or ""
    is_file = url.get_backend_name() == "sqlite" and name and not name.startswith((":memory:", "file:"))
    return Path(name) if is_file else None


def _prepare_sqlite(engine: Engine, files: Files | None, lock_seconds: float) -> None:
    event.listen(engine, "connect", partial(_on_sqlite_connect, lock_seconds))
    if files is not None:
        files.listen(engine)
    event.listen(engine, "begin", partial(_on_sqlite_begin, files))


def _on_sqlite_connect(lock_seconds: float, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # Python's own driver opens transactions late and by itself; we say BEGIN, see below.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {round(lock_seconds * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged question survives a power cut, for about 20 % of write speed
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased is overwritten, by whichever process erases it
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(files: Files | None, connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    if options.get(_WRITES) and files is not None:
        files.check(connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")

"""Whether an open SQLite connection still writes to the files at its paths. A file that was deleted, or replaced
by another, still exists for processes that have it open: nobody else reads their commits, and they are lost when
those processes end. SQLite does not notice, so each transaction that writes looks first: two calls of ``stat``,
which take microseconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from supportbot.db.faults import FilesGoneError

_LOG = "supportbot_write_ahead_log"

_Identity = tuple[int, int] | None
"""Device and inode; None where there is no such file."""


class Files:
    """The file of a database and its write-ahead log, as they were when they were opened.

    Args:
        path: the file of the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._opened: _Identity = None

    def listen(self, engine: Engine) -> None:
        """Look at the files whenever the engine connects; ``check`` is for its transactions."""
        event.listen(engine, "do_connect", self._before_connecting)
        event.listen(engine, "connect", self._on_connect)

    def check(self, connection: Connection) -> None:
        """Prove that a connection has open what bears the names now.

        Raises:
            FilesGoneError: it hasn't, or the file of the database is empty.
        """
        if _identity(self._path) != self._opened or not self._path.stat().st_size:
            raise FilesGoneError("another file, or none, has the name of the database")
        if _identity(self._log) != connection.info.get(_LOG):
            raise FilesGoneError("another file, or none, has the name of the write-ahead log")

    def _before_connecting(self, *_: object) -> None:
        # SQLite would make a new file where there is none.
        if self._opened is not None and _identity(self._path) != self._opened:
            raise FilesGoneError("another file, or none, has the name of the database")

    def _on_connect(self, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM sqlite_master LIMIT 1")  # opens the log
        cursor.fetchall()
        cursor.close()
        info: dict[Any, Any] = record.info
        info[_LOG] = _identity(self._log)
        self._opened = self._opened or _identity(self._path)


def _identity(path: Path) -> _Identity:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino

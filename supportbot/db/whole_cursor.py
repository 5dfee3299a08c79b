"""A connection of aiosqlite whose statements need one trip to its thread each.

The library's own cursor takes a trip to be made, one to execute, one to read and one to be closed. Each wakes a
thread, waits for Python's lock twice and returns through the event loop: together they took more of the event loop
than all other work on a statement. SQLAlchemy always takes all four and reads all rows, so here they are one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import aiosqlite

P = ParamSpec("P")
T = TypeVar("T")

Rows = list[Any]


class Connection(aiosqlite.Connection):
    """A connection with such cursors.

    Args:
        database: the file.
        options: as ``sqlite3.connect`` takes them.
    """

    def __init__(self, database: str | Path, **options: Any) -> None:
        # The second argument is only used by the library's own cursors.
        super().__init__(lambda: sqlite3.connect(database, **options), iter_chunk_size=1)

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a function in the connection's thread and return its result."""
        # Private, and the library has no other way to the thread.
        result: T = await self._execute(work, *arguments, **named)  # type: ignore[no-untyped-call]
        return result

    def cursor(self) -> WholeCursor:  # type: ignore[override]  # without a trip, so there is nothing to await
        """Return a cursor."""
        return WholeCursor(self)


class WholeCursor:
    """What SQLAlchemy needs of a cursor.

    Args:
        connection: an open one.

    Attributes:
        description: the columns of the last statement; None if it returns no rows.
        rowcount: how many rows it changed; -1 if it changes none.
        lastrowid: the number of the row that it inserted.
        arraysize: belongs to the standard; SQLAlchemy has all rows anyway.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Rows = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Return the cursor, which needs no opening."""
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        """Run a statement and read its rows."""
        await self._run(sqlite3.Cursor.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run a statement with each of several parameters."""
        await self._run(sqlite3.Cursor.executemany, statement, parameters)

    async def fetchall(self) -> Rows:
        """Return the rows, and keep none."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: the cursor in the thread was closed at once."""

    async def _run(self, method: Callable[..., object], statement: str, parameters: Any) -> None:
        # If whoever waits is cancelled, the thread ends its work all the same, and this object stays as it was.
        self.description, self.rowcount, self.lastrowid, self._rows = await self._connection.run(
            _whole, self._connection._conn, method, statement, parameters
        )


def _whole(
    connection: sqlite3.Connection, method: Callable[..., object], statement: str, parameters: Any
) -> tuple[Any, int, int | None, Rows]:
    cursor = connection.cursor()
    try:
        method(cursor, statement, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, cursor.rowcount, cursor.lastrowid, rows
    finally:
        cursor.close()

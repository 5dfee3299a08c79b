"""SQLite's asynchronous connections, none of which may outlive the event loop.

Each connection of aiosqlite has a thread. A task that is cancelled in the middle of a statement leaves a thread
that finishes it, and then reports to an event loop which may be closed by then: an exception that nobody can
catch. A task that is cancelled elsewhere, or dropped unfinished as libraries of chat platforms do with their
handlers, leaves a connection that no pool closes. Both are handled when the database is closed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from typing import Any

import aiosqlite
from sqlalchemy import Engine, event

from supportbot.db.whole_cursor import Connection

_SECONDS = 5.0
"""For a thread: it ends as soon as its last statement does."""


class ConnectionThreads:
    """The connections of an engine, and their threads.

    Args:
        engine: an asynchronous one of SQLite.
    """

    def __init__(self, engine: Engine) -> None:
        self._connections: list[aiosqlite.Connection] = []
        event.listen(engine, "do_connect", self._before_connecting)

    async def aclose(self) -> None:
        """Close what is still open, and wait until the threads have ended; to be called after the pool's end."""
        connections, self._connections = self._connections, []
        for connection in connections:
            if not connection._running:  # told to stop: its thread would never answer, and it ends by itself
                continue
            if connection._connection is None and connection._thread.is_alive():
                await _opened(connection)  # else it would be open only after it was closed
            with suppress(sqlite3.Error, ValueError):  # it is closed, or cannot be used any more: so be it
                await connection.close()
        for connection in connections:
            await asyncio.to_thread(connection._thread.join, _SECONDS)

    def _before_connecting(
        self, dialect: object, record: object, arguments: object, options: dict[str, Any]
    ) -> None:
        options["async_creator_fn"] = self._connect

    def _connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        connection = Connection(*arguments, **options)
        # Private, and SQLAlchemy does the same: a thread that hangs must not keep the program from its end.
        connection._thread.daemon = True
        self._connections = [one for one in self._connections if one._thread.is_alive()]
        self._connections.append(connection)
        return connection


async def _opened(connection: aiosqlite.Connection) -> None:
    """Wait until whoever opens a connection has it: the thread does this after that, and reports it after that."""
    turn = asyncio.get_running_loop().create_future()
    connection._tx.put_nowait((turn, int))
    await turn

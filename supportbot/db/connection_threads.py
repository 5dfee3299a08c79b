"""What SQLite's asynchronous connections leave behind when whoever opened them is cancelled.

Each connection of aiosqlite has a thread. Whoever is cancelled in the middle of a statement leaves a thread that
still finishes that, and then reports to an event loop which may be closed by then: an exception that nobody can
catch. Whoever is cancelled while a connection is made ready leaves one that no pool knows. Both are seen to when
the database is closed.
"""

from __future__ import annotations

import asyncio
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

_SECONDS = 5.0
"""A thread ends as soon as its last statement does; one whose connection is still in use is not waited for."""


class ConnectionThreads:
    """The threads of an engine's connections.

    Args:
        engine: an asynchronous one of SQLite; whatever else listens to its connecting does so before this.
    """

    def __init__(self, engine: Engine) -> None:
        self._threads: WeakSet[Thread] = WeakSet()
        self._unready: set[aiosqlite.Connection] = set()
        event.listen(engine, "do_connect", self._before_connecting)
        event.listen(engine, "connect", self._when_ready)

    async def join(self) -> None:
        """Close what no pool knows, and wait until the threads have ended; for when the pool is closed."""
        while self._unready:
            await self._unready.pop().close()
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, _SECONDS)

    def _before_connecting(
        self, dialect: object, record: object, arguments: object, options: dict[str, Any]
    ) -> None:
        options["async_creator_fn"] = self._connect

    def _connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(*arguments, **options)
        # Private, and SQLAlchemy does the same: a thread that hangs must not keep the program from its end.
        connection._thread.daemon = True
        self._threads.add(connection._thread)
        self._unready = {one for one in self._unready if one._thread.is_alive()} | {connection}
        return connection

    def _when_ready(self, connection: DBAPIConnection, record: object) -> None:
        self._unready.discard(connection.driver_connection)

"""The threads of SQLite's asynchronous connections, which must not outlive the event loop.

Each connection of aiosqlite has a thread. Whoever is cancelled in the middle of a statement, or of connecting,
leaves a thread behind that still finishes that, and then reports to an event loop which may be closed by then: an
exception that nobody can catch. So they are waited for when the database is closed.
"""

from __future__ import annotations

import asyncio
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite
from sqlalchemy import Engine, event

_SECONDS = 5.0
"""A thread ends as soon as its last statement does; one whose connection is still in use is not waited for."""


class ConnectionThreads:
    """The threads of an engine's connections.

    Args:
        engine: an asynchronous one of SQLite.
    """

    def __init__(self, engine: Engine) -> None:
        self._threads: WeakSet[Thread] = WeakSet()
        event.listen(engine, "do_connect", self._before_connecting)

    async def join(self) -> None:
        """Wait until they have ended; to be called when the connections are closed."""
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
        return connection

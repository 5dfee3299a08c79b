"""A database that is away for a while, or that refuses something."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from supportbot.db.session import Database


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Let every statement fail meanwhile."""

    def fail(*_: object) -> None:
        raise OSError("the database is away")

    event.listen(database.engine.sync_engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", fail)


async def hang(*_: object) -> None:
    """Never return, as what waits for somebody who has gone."""
    await asyncio.Event().wait()


@contextmanager
def refusing(database: Database, text: str) -> Iterator[None]:
    """Let every statement fail meanwhile that carries a text, as one does that cannot be stored."""

    def refuse(_connection: object, _cursor: object, _statement: str, parameters: object, *_: object) -> None:
        if text in repr(parameters):
            raise ValueError("this can't be stored")

    event.listen(database.engine.sync_engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", refuse)

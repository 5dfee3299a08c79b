"""A database that is away for a while, or that takes everything but one thing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from supportbot.db.session import Database


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Let every statement fail meanwhile."""

    def fail(*_: object) -> None:
        raise OSError("the database is away")

    with _before_each(database, fail):
        yield


@contextmanager
def refusing(database: Database, text: str) -> Iterator[None]:
    """Let every statement fail meanwhile that carries a text, as one does that cannot be stored."""

    def refuse(_connection: object, _cursor: object, _statement: str, parameters: object, *_: object) -> None:
        if text in repr(parameters):
            raise ValueError("this can't be stored")

    with _before_each(database, refuse):
        yield


@contextmanager
def _before_each(database: Database, listener: Callable[..., None]) -> Iterator[None]:
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", listener)
    try:
        yield
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", listener)


async def hang(*_: object) -> None:
    """Never return, as what waits for somebody who has gone."""
    await asyncio.Event().wait()

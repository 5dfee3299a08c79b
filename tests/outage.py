"""A database that is away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from supportbot.db.session import Database


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Let every statement fail meanwhile."""

    def fail(*_: object) -> None:
        raise OSError("the database is away")

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", fail)

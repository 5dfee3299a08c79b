"""Migrates in processes that are killed, each some statements later.

``python -m tests.supportbot.db.dying URL WAY TO STRIDE``; with a stride of 1 one dies before every statement.

It prints how many died. After each death the schema and every row must be what they were, or one whole migration
further. A commit counts as a statement; what only reads does not, for to die before it is to die after the last
that wrote.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from alembic import command
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.pool import NullPool

import supportbot.bootstrap  # noqa: F401 - the migrations import it, and so each process needs not
from supportbot.db.schema import alembic_config

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_READS = ("SELECT", "PRAGMA", "SHOW", "BEGIN")

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def rows_of(url: str) -> Rows:
    """Return every row of every table, each in the order of its first column; and prove that the file is whole."""
    kind = make_url(url).get_backend_name()
    engine = create_engine(url.replace("+aiosqlite", ""), poolclass=NullPool)
    with engine.connect() as connection:
        if kind == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        return {
            name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}" ORDER BY 1')).mappings()]
            for name in connection.scalars(text(_TABLES[kind])).all()
        }


def migrate_dying(url: str, way: str, to: str, stride: int) -> int:
    """Migrate, and let each process live for so many statements more; return how many died."""
    deaths, survive = 0, 1
    before = rows_of(url)
    while not _survives(url, way, to, survive):
        deaths += 1
        after = rows_of(url)
        if after.get("alembic_version") == before.get("alembic_version"):
            assert after == before, survive
            survive += stride
        else:  # one migration is done, and this death was before the first statement of the next
            before, survive = after, 1 + stride
    return deaths


def _survives(url: str, way: str, to: str, survive: int) -> bool:
    """Migrate in a process of its own; return False if it was killed."""
    child = os.fork()
    if not child:
        try:
            _die_at(survive)
            (command.upgrade if way == "up" else command.downgrade)(alembic_config(url), to)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status == 0


def _die_at(survive: int) -> None:
    """Kill this process before that statement of those that write."""
    written = 0

    def count() -> None:
        nonlocal written
        written += 1
        if written == survive:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            count()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", lambda _connection: count())


if __name__ == "__main__":
    url, way, to, stride = sys.argv[1:]
    print(migrate_dying(url, way, to, int(stride)))  # noqa: T201 - to whoever started it

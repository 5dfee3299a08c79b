"""SQL that was compiled for one test's database serves those of all others.

Each engine has a cache of its own, and each test has an engine of its own: a sixth of the time of what tests a
database went into compiling the same statements anew.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.sql.compiler import Compiled


class _SharedCache(dict[Any, Compiled]):
    """Asks which kind of database a statement is for, and not which engine: all of a kind are set up alike."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_kind(key), default)

    def __setitem__(self, key: Any, compiled: Compiled) -> None:
        super().__setitem__(_of_kind(key), compiled)


def _of_kind(key: Any) -> Any:
    dialect, *statement = key
    return type(dialect), dialect.server_version_info, *statement


def share_compiled_statements() -> None:
    """From now on, for each engine of this process."""
    cache = _SharedCache()

    @event.listens_for(Engine, "engine_connect")
    def use(connection: Connection) -> None:
        connection.execution_options(compiled_cache=cache)

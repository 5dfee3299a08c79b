"""The schema's version: migrations are applied by one function, and a daemon refuses a schema that isn't its own.

Alembic is synchronous; it runs over the asynchronous engine in a worker thread.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError as DriverError

from supportbot.db.session import Database
from supportbot.errors import DatabaseError

_PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel the migrations lie inside the package, in a checkout beside it.
_MIGRATIONS = next(path for path in (_PACKAGE / "migrations", _PACKAGE.parent / "alembic") if path.is_dir())

_TRIGGERS = "0029"
"""The migration with all triggers that there are on PostgreSQL."""


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for a database, independent of the current folder."""
    config = Config()
    # ConfigParser reads % as the beginning of an interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def trigger_functions() -> list[str]:
    """Return the statements that make what PostgreSQL's triggers call, from the migration that made these."""
    script = ScriptDirectory.from_config(alembic_config("")).get_revision(_TRIGGERS)
    found: list[str] = script.module.functions()
    return found


async def migrate(database: Database) -> None:
    """Bring the schema to this program's version.

    Raises:
        DatabaseError: the database belongs to a newer program, or is damaged.
    """
    current = await current_revision(database)
    if current is not None:
        check_known(current)
    url = database.url.render_as_string(hide_password=False)
    await asyncio.to_thread(command.upgrade, alembic_config(url), "head")


def check_known(revision: str) -> None:
    """Prove that this program knows a revision, and so can bring it up to its own.

    Raises:
        DatabaseError: it belongs to a newer program.
    """
    _since(revision)


async def check_schema(database: Database) -> None:
    """Prove that the schema is the one of this program.

    Raises:
        DatabaseError: it is older or newer; the sentence says what to run.
    """
    if await pending(database):
        raise DatabaseError("The database has an older schema than this program: run `supportbot init`.")


async def pending(database: Database) -> list[Script]:
    """Return the migrations that this program's schema has and the database has not, in their order.

    Raises:
        DatabaseError: it is empty, or of a newer program; the sentence says what to do.
    """
    if database.path is not None and not database.is_missing and not database.path.stat().st_size:
        raise DatabaseError(
            f"{database.path} is empty (0 bytes), so its data is lost: restore a backup "
            "(`supportbot restore`), or delete the file and run `supportbot init` to start again."
        )
    if database.is_missing or (current := await current_revision(database)) is None:
        raise DatabaseError(f"{database.name} is empty: run `supportbot init`.")
    return _since(current)


async def current_revision(database: Database) -> str | None:
    """Return the revision that the database is at; None for an empty one.

    Raises:
        DatabaseError: it cannot be read.
    """
    await database.check()

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(read)
    except DriverError as error:
        raise DatabaseError("The database cannot be read: restore it from a backup.") from error


def _since(revision: str) -> list[Script]:
    """Return the migrations after one that this program knows."""
    found: list[Script] = []
    for script in ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions():
        if script.revision == revision:
            return found[::-1]
        found.append(script)
    raise _newer_schema(revision)


def _newer_schema(current: str) -> DatabaseError:
    return DatabaseError(
        f"The database has schema {current}, which is newer than this program: install the newer program, "
        "or restore the backup that was made before it."
    )

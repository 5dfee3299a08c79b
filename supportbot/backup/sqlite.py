"""One state of a SQLite database as a file of its own, whoever writes to it meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from supportbot.backup.manifest import Tell
from supportbot.errors import BackupError

_PAGES = 2_048
"""Pages (of 4 KB) that are copied before progress is told."""


def copy(source: Path, target: Path, tell: Tell) -> str:
    """Copy a database by SQLite's online backup, prove that the copy is whole, and return its schema's revision.

    A transaction that only reads is held open meanwhile: so all pages are of one moment, and writers, who wait for
    nobody who reads, do not make it start again.

    Raises:
        BackupError: the database is damaged, or cannot be read.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
            closing(sqlite3.connect(target)) as copied,
        ):
            live.execute("PRAGMA busy_timeout = 10000")  # as long as the bot itself waits
            live.execute("BEGIN")
            revision = _revision(live)
            live.backup(
                copied,
                pages=_PAGES,
                progress=lambda _, left, total: tell("copying the database", 1 - left / max(total, 1)),
            )
            live.execute("COMMIT")
            copied.execute("PRAGMA journal_mode = DELETE")  # else the file would not be all of it
        tell("checking the copy", 0.0)
        check(target)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied ({error}): see `supportbot doctor`.") from error
    return revision


def check(path: Path) -> None:
    """Prove that a database which nobody uses is whole.

    Raises:
        BackupError: it isn't.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"The copy of the database is damaged ({found}): restore an earlier backup.")


def _revision(connection: sqlite3.Connection) -> str:
    try:
        [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.OperationalError, TypeError) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise BackupError(
            "The database is empty, so there is nothing to back up: run `supportbot init` first."
        ) from None
    return str(revision)

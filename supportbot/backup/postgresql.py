"""PostgreSQL's own tools, `pg_dump` and `pg_restore`, called for the tables that are ours.

What can be made again (the tables of vectors, see ``RUNTIME_TABLES``) is left out, so a dump needs no extension.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import URL

from supportbot.db import models
from supportbot.db.schema import trigger_functions
from supportbot.errors import BackupError

_VERSIONS = "alembic_version"


def dump(url: URL, target: Path) -> str:
    """Write one state of the database into a file and return its schema's revision.

    Raises:
        BackupError: `pg_dump` is missing or fails; the sentence says what it says.
    """
    tool = _find("pg_dump")
    try:
        with psycopg.connect(_address(url), password=url.password) as connection:
            found = connection.execute(f"SELECT version_num FROM {_VERSIONS}").fetchone()  # noqa: S608 - our own name
    except psycopg.Error as error:
        raise BackupError(f"The database cannot be read ({_first_line(str(error))}).") from error
    tables = (_VERSIONS, *models.Question.metadata.tables)
    _run(tool, url, ["--format=custom", f"--file={target}", *(f"--table={name}" for name in tables)])
    return str(found[0]) if found else ""


def restore(url: URL, source: Path) -> None:
    """Fill an empty database completely or not at all, except for functions that nothing calls then.

    Raises:
        BackupError: `pg_restore` is missing or fails.
    """
    try:
        with psycopg.connect(_address(url), password=url.password) as connection:
            for statement in trigger_functions():
                connection.execute(statement.encode())
    except psycopg.Error as error:
        raise BackupError(f"The database cannot be written to ({_first_line(str(error))}).") from error
    _run(_find("pg_restore"), url, ["--single-transaction", "--exit-on-error", str(source)])


def check(source: Path) -> None:
    """Prove that a dump can be read.

    Raises:
        BackupError: it can't.
    """
    _finish([_find("pg_restore"), "--list", str(source)], {})


def _run(tool: str, url: URL, arguments: list[str]) -> None:
    password = {"PGPASSWORD": url.password} if url.password else {}  # not among the arguments, which all users see
    owner = ["--no-owner", "--no-privileges"]  # those of the role that restores
    _finish([tool, "--no-password", f"--dbname={_address(url)}", *owner, *arguments], password)


def _finish(command: list[str], environment: dict[str, str]) -> None:
    name = Path(command[0]).name
    finished = subprocess.run(  # noqa: S603 - PostgreSQL's own tool, and no shell
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise BackupError(f"{name} failed: {_first_line(finished.stderr)}")


def _find(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise BackupError(f"{tool} is not installed: install PostgreSQL's client, in the version of the server.")
    return found


def _address(url: URL) -> str:
    """Return the address as PostgreSQL's library reads it, without the password."""
    parts = {"username": url.username, "host": url.host, "port": url.port, "database": url.database}
    return URL.create("postgresql", query=url.query, **parts).render_as_string()  # type: ignore[arg-type]


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it says nothing")

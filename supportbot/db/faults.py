"""What can go wrong with the storage itself, told from the errors of the two drivers: one sentence for each.

A fault is no defect of the program: whoever meets one says its sentence, without a traceback. It names no file and
no address, since it is shown by `/readyz` too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from enum import Enum

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Fault(Enum):
    """A fault of the storage, with the sentence for it."""

    FULL = "The disk of the database is full: free some space, and the bot continues by itself."
    READ_ONLY = (
        "The database cannot be written: check who owns its file and folder, and that neither "
        "the disk nor the server is read-only."
    )
    LOCKED = "Another program keeps the database locked: wait until it has finished, or end it."
    DAMAGED = (
        "The database is damaged: stop the bot and restore a backup with `supportbot restore`; "
        "`supportbot doctor` says what is damaged."
    )
    NO_DATABASE = (
        "The file of the database is not an SQLite file: check SUPPORTBOT_DATABASE_URL, or restore a backup with "
        "`supportbot restore`."
    )
    GONE = (
        "The file of the database was removed, replaced or emptied while it was in use: stop the bot, put the "
        "file back or restore a backup, and start it again."
    )
    FAILING = "The disk of the database reports write errors: see the system's log, and `df`."
    NOT_OPENED = (
        "The database cannot be opened: check SUPPORTBOT_DATABASE_URL, and that its folder exists and is writable."
    )
    NO_SERVER = "The database server does not answer: check that it runs, and SUPPORTBOT_DATABASE_URL."


class FilesGoneError(sqlite3.OperationalError):
    """The files behind an open connection are no longer those under their names."""


# The low byte of SQLite's result code, https://sqlite.org/rescode.html
_OF_SQLITE: Mapping[int, Fault] = {
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.NO_DATABASE,
    sqlite3.SQLITE_IOERR: Fault.FAILING,
    sqlite3.SQLITE_CANTOPEN: Fault.NOT_OPENED,
}

# SQLSTATE, or its class of two characters, https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_POSTGRESQL: Mapping[str, Fault] = {
    "53100": Fault.FULL,
    "25006": Fault.READ_ONLY,
    "55P03": Fault.LOCKED,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
    "58": Fault.FAILING,
    "08": Fault.NO_SERVER,
    "53": Fault.NO_SERVER,
    "57P": Fault.NO_SERVER,
}


def fault_of(error: BaseException) -> Fault | None:
    """Return the fault of the storage that an error tells of; None for any other error."""
    if isinstance(error, PoolTimeout):  # every connection has waited for half a minute
        return Fault.LOCKED
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, FilesGoneError):
        return Fault.GONE
    if isinstance(cause, sqlite3.Error):
        if str(cause).startswith("Could not decode to UTF-8"):  # Python's own, with the text of a damaged page
            return Fault.DAMAGED
        return _OF_SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate or ("08" if isinstance(cause, psycopg.OperationalError) else "")
        return next((_OF_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in _OF_POSTGRESQL), None)
    return None


STORAGE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""Among these are the errors that ``fault_of`` knows."""

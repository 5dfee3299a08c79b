"""Why a database cannot be used, in words that name no address, no user and nothing that was stored.

A driver's own message names host, port, user and database, and PostgreSQL adds the values of a row. SQLite's name
nothing while a file is opened or checked, so they are kept.
"""

from __future__ import annotations

import sqlite3

from supportbot.faults import describe

_WORDS = {
    "authentication failed": "it refuses the user or the password",
    "no password supplied": "it wants a password",
    "no pg_hba.conf entry": "it takes no connection of this user from here",
    "connection refused": "nothing listens there",
    "could not translate host name": "its host has no address",
    "failed to resolve host": "its host has no address",
    "name or service not known": "its host has no address",
    "no such file or directory": "nothing listens there",
    "timeout": "it does not answer in time",
    "too many clients": "it has no connection left",
    "ssl": "the encryption of the connection failed",
    "starting up": "it is starting",
    "shutting down": "it is being stopped",
    "terminating connection": "it ended the connection",
    "server closed the connection": "it ended the connection",
    # Last, because the others may name a role or a database, too.
    'role "': "it does not know the user",
    'database "': "there is no such database",
}
"""Parts of libpq's and PostgreSQL's messages in English, the first that fits counts."""


def reason(error: BaseException) -> str:
    """Return why a statement or a connection failed; the type of the error where no words are known."""
    cause = error.__cause__ or getattr(error, "orig", None) or error
    said = str(cause).strip()
    if isinstance(cause, sqlite3.Error):
        return said.splitlines()[0] if said else describe(cause)
    lowered = said.lower()
    return next((words for part, words in _WORDS.items() if part in lowered), describe(cause))

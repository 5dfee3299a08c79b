"""Why a database cannot be used, in words that name no address, no user and nothing that was stored.

A driver's own message names host, port, user and database, and PostgreSQL adds the values of a row. SQLite's name
nothing while a file is opened or checked, so they are kept.
"""

from __future__ import annotations

import re
import sqlite3

from supportbot.faults import describe

_WORDS = {
    r"authentication failed": "it refuses the user or the password",
    r"no password supplied": "it requires a password",
    r"no pg_hba\.conf entry": "it does not allow this user to connect from here",
    r'role ".*" does not exist': "it does not know the user",
    r'database ".*" does not exist': "there is no such database",
    r"not currently accepting connections|too many "
    "clients|connection limit": "it accepts no connections at present",
    r"connection refused|no such file or directory": "nothing listens there",
    r"translate host name|resolve host|name or service not known": "its host has no address",
    r"timeout|timed out": "it does not answer in time",
    r"starting up": "it is starting",
    r"shutting down|terminating connection|closed the connection": "it ended the connection",
    r"\bssl\b": "the encryption of the connection failed",
}
"""Patterns in libpq's and PostgreSQL's messages in English; the first that fits counts."""


def reason(error: BaseException) -> str:
    """Return why a statement or a connection failed; the type of the error where no words are known."""
    cause = error.__cause__ or getattr(error, "orig", None) or error
    said = str(cause).strip()
    if isinstance(cause, sqlite3.Error):
        return said.splitlines()[0] if said else describe(cause)
    found = (words for pattern, words in _WORDS.items() if re.search(pattern, said, re.IGNORECASE))
    return next(found, describe(cause))

"""What is shown of a library's own log lines: who, how bad, from where, and the fixed part of its message.

Libraries log what they work on: SQLAlchemy parameters, HTTP clients addresses, asyncio whole objects. So below
WARNING only our own loggers are used, whatever level is set; and of a message only the words in the library's
source are logged, never the values filled in. Which field holds a user's text can't be known for every library.
"""

from __future__ import annotations

import asyncio
import json
import linecache
import logging
from datetime import UTC, datetime

from structlog.typing import EventDict

from supportbot.faults import OUR_PACKAGES, short_path

NO_WORDS = "library.message"
"""Stands for a message that the library put together at run time; ``place`` says which one it is."""


def is_ours(logger: str) -> bool:
    """Return whether a logger belongs to the program itself."""
    return logger.partition(".")[0] in OUR_PACKAGES


class OurDetails(logging.Filter):
    """Lets pass what is at least a warning, and of our own loggers everything."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be shown."""
        return is_ours(record.name) or (record.levelno >= logging.WARNING and not _is_cancelled(record))


def read_record(record: logging.LogRecord) -> EventDict:
    """Return the event of a record: our own as it was logged, a library's without what was filled in."""
    if isinstance(record.msg, dict) and hasattr(record, "_from_us"):
        return dict(record.msg)
    event: EventDict = {
        "event": _fixed_words(record) or NO_WORDS,
        "level": record.levelname.lower(),
        "logger": record.name,
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        "place": f"{short_path(record.pathname)}:{record.lineno}:{record.funcName}",
    }
    if record.exc_info and record.exc_info[1]:
        event["exc_info"] = record.exc_info[1]
    return event


def _is_cancelled(record: logging.LogRecord) -> bool:
    """Return whether a library only tells that its task was cancelled, as at each stop: we cancelled it."""
    return record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)


def _fixed_words(record: logging.LogRecord) -> str:
    """Return the message before anything is filled in, if the source of its caller holds it as it is."""
    words = record.msg
    if not isinstance(words, str) or not words.strip():
        return ""
    source = "".join(linecache.getlines(record.pathname))
    return words.strip() if json.dumps(words) in source or repr(words) in source else ""

"""What a log may say of an exception: its type, its code and its place, never its text. The text of an exception
quotes the data it failed on: PostgreSQL the values of a key, pydantic the input, JSON the document, an HTTP client
the address with its token. Only the sentences of our own errors (``SupportBotError``) are written to be shown, so
only those are kept. Notes are text too, and are left out.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from types import FrameType, TracebackType

from supportbot.errors import SupportBotError

OUR_PACKAGES = frozenset({"bot", "supportbot", "training", "__main__"})
"""Modules of the program itself; everything else belongs to a library."""

_CODES = ("sqlite_errorname", "sqlstate", "status", "status_code", "code")
"""Where libraries keep the number or the name of an error: sqlite3, psycopg, HTTP clients, discord.py."""

_CODE_NAME = re.compile(r"[A-Z][A-Z_]{2,40}|[0-9A-Z]{5}")
"""A name such as SQLITE_FULL, or one of the five-character states of SQL; anything else may be words."""

_MOST_FRAMES = 24
"""Places shown of one exception: a recursion has a thousand. The first third and the last two are kept."""

_MOST_EXCEPTIONS = 8
"""Exceptions shown of a chain or a group; what led to the first ones is the same more often than not."""


def describe(error: BaseException) -> str:
    """Return an exception in one line, such as ``psycopg.errors.AdminShutdown (57P01)``."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, SupportBotError):
        return f"{name}: {' '.join(str(error).split())}"
    code = _code(error)
    return f"{name} ({code})" if code else name


def locate(error: BaseException) -> str:
    """Return an exception in one line with the place that it comes from."""
    places = list(_places(error.__traceback__))
    return f"{describe(error)} at {places[-1]}" if places else describe(error)


def trace(error: BaseException) -> str:
    """Return an exception, where it came through, and what led to it, in lines that hold no text of others."""
    lines: list[str] = []
    for before, each in _chain(error):
        lines.append(f"{before}{describe(each)}")
        lines += [f"  {place}" for place in _shortened(list(_places(each.__traceback__)))]
    return "\n".join(lines)


@lru_cache(maxsize=1024)
def short_path(path: str) -> str:
    """Return the path of a file beneath the folder that it was imported from."""
    folders = [folder for folder in sys.path if folder and path.startswith(f"{folder.rstrip('/')}/")]
    return path[len(max(folders, key=len).rstrip("/")) + 1 :] if folders else path


def _code(error: BaseException) -> str:
    if isinstance(error, OSError):
        return str(error.errno) if isinstance(error.errno, int) else ""
    for name in _CODES:
        # Not ``getattr``: a property of a stranger's class might do anything.
        value = inspect.getattr_static(error, name, None)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(int(value))
        if isinstance(value, str) and _CODE_NAME.fullmatch(value):
            return value
    return ""


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """Yield an exception, those of its group, and what led to it, each once, with the words between them."""
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException]] = [("", error)]
    while waiting and len(seen) < _MOST_EXCEPTIONS:
        before, each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield before, each
        if isinstance(each, BaseExceptionGroup):
            waiting += [("of the group: ", one) for one in each.exceptions]
        if each.__cause__ is not None:
            waiting.append(("because of ", each.__cause__))
        elif each.__context__ is not None and not each.__suppress_context__:
            waiting.append(("while handling ", each.__context__))


def _places(trace: TracebackType | None) -> Iterator[str]:
    """Yield where an exception came through: each place of ours, and of libraries the last before the next."""
    frames = list(traceback.walk_tb(trace))
    for ours, run in groupby(frames, key=lambda pair: _is_ours(pair[0])):
        steps = list(run)
        for frame, line in steps if ours else steps[-1:]:
            yield f"{short_path(frame.f_code.co_filename)}:{line}:{frame.f_code.co_qualname}"


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in OUR_PACKAGES


def _shortened(places: list[str]) -> list[str]:
    if len(places) <= _MOST_FRAMES:
        return places
    first = _MOST_FRAMES // 3
    last = _MOST_FRAMES - first
    return [*places[:first], f"… {len(places) - _MOST_FRAMES} more", *places[-last:]]

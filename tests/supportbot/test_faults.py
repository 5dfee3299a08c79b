"""An exception tells its type, code and place, and never its words, unless they are ours."""

from __future__ import annotations

import json
import sqlite3
from typing import TypeVar

import pytest

from supportbot.errors import DatabaseError
from supportbot.faults import describe, locate, trace

ErrorT = TypeVar("ErrorT", bound=BaseException)

TEXT = "Ann Miller lives here"


def caught(error: ErrorT) -> ErrorT:
    """Return an exception as it is after it was raised."""
    with pytest.raises(type(error)) as raised:
        raise error
    return raised.value


def test_a_code_is_told_where_there_is_one() -> None:
    """Numbers of the system and names of SQLite's errors help an operator; words do not count as codes."""
    database = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as broken:
        database.execute("SELECT 'Ann Miller lives here' FROM nowhere")
    database.close()
    odd = ValueError(TEXT)
    odd.code = TEXT  # type: ignore[attr-defined]
    assert describe(broken.value) == "sqlite3.OperationalError (SQLITE_ERROR)"
    assert describe(OSError(28, TEXT, TEXT)) == "OSError (28)"
    assert describe(odd) == "ValueError"
    assert describe(DatabaseError("Start\nthe server.")) == "supportbot.errors.DatabaseError: Start the server."


def test_the_words_of_no_exception_are_told() -> None:
    """Neither those of a cause, a context, a group or a note, nor the values that a library quotes."""
    deepest = caught(KeyError(TEXT))
    context = ValueError(TEXT)
    context.__context__ = deepest
    cause = caught(ExceptionGroup(TEXT, [context, caught(RuntimeError(TEXT))]))
    error = DatabaseError("Start the server.")
    error.__cause__ = cause
    error.add_note(TEXT)
    shown = trace(caught(error))
    assert TEXT not in shown
    for words in (
        "supportbot.errors.DatabaseError: Start the server.",
        "because of ExceptionGroup",
        "of the group: ValueError",
        "of the group: RuntimeError",
        "while handling KeyError",
    ):
        assert words in shown


def test_of_a_library_the_last_place_is_shown() -> None:
    """Where it was entered is told by the place before, so its own steps are one line."""
    with pytest.raises(json.JSONDecodeError) as broken:
        json.loads(f"{{{TEXT}")
    first, *places = trace(broken.value).splitlines()
    assert first == "json.decoder.JSONDecodeError"
    assert [place.split(":")[0].strip() for place in places] == ["json/decoder.py"]
    assert locate(broken.value).startswith("json.decoder.JSONDecodeError at json/decoder.py:")


def test_long_ways_are_shortened() -> None:
    """A recursion of our own, and exceptions that lead to one another, end after a few lines."""
    namespace = {"__name__": "supportbot.made_up"}
    exec("def down(n):\n    return down(n - 1) if n else 1 / 0", namespace)  # noqa: S102 - as one of our modules
    error: BaseException = ZeroDivisionError()
    try:
        namespace["down"](200)  # type: ignore[operator]
    except ZeroDivisionError as raised:
        error = raised
    circle = ValueError()
    circle.__context__, error.__context__ = error, circle
    assert len(trace(error).splitlines()) < 30
    assert "… 17" in trace(error)

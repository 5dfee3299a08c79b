"""A line that repeats itself is written once a second, and none is lost without being counted."""

from __future__ import annotations

from typing import Any

from supportbot.telemetry.repeated import Repeated


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def event(name: str = "port.failed", level: str = "error", **values: object) -> dict[str, Any]:
    """Return an event."""
    return {"event": name, "level": level, "logger": "bot.web", **values}


def shown(repeated: Repeated, *events: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what is shown of events: the name of each and its count."""
    return [(one["event"], one.get("repeated")) for each in events for one in repeated.admit(each)]


def test_a_flood_is_one_line_a_second() -> None:
    """A thousand equal lines within a second are one; the next stands for all that came since."""
    clock = Clock()
    repeated = Repeated(clock)
    assert shown(repeated, *[event()] * 1000) == [("port.failed", None)]
    clock.now = 1.0
    assert shown(repeated, event()) == [("port.failed", 1000)]
    assert shown(repeated, event()) == []


def test_the_rest_is_told_with_the_next_line_or_at_the_end() -> None:
    """A count whose second is over is written before what is logged next, or when the log is closed."""
    clock = Clock()
    repeated = Repeated(clock)
    shown(repeated, *[event()] * 3)
    assert shown(repeated, event("daemon.ready", "info")) == [("daemon.ready", None)]
    clock.now = 1.5
    assert shown(repeated, event("daemon.ready", "info")) == [("port.failed", 2), ("daemon.ready", None)]
    shown(repeated, *[event()] * 3)
    assert [(one["event"], one["repeated"]) for one in repeated.rest()] == [("port.failed", 2)]
    assert list(repeated.rest()) == []


def test_only_equal_lines_are_held_back() -> None:
    """Another event, level, logger, kind of exception, place or id is another line."""
    repeated = Repeated(Clock())
    different = [
        event(),
        event("other"),
        event(level="warning"),
        event(logger="bot.slack"),
        event(exc_info=ValueError("one")),
        event(exc_info=OSError(24, "two")),
        event(exc_info=OSError(28, "two")),
        event(place="uvicorn/server.py:1:f"),
        event(question_id=1),
        event(question_id=2),
    ]
    assert len(shown(repeated, *different)) == len(different)
    assert shown(repeated, event(exc_info=ValueError("another")), event(question_id=2)) == []


def test_records_of_what_happened_are_never_held_back() -> None:
    """Whatever is no warning is shown as often as it comes."""
    assert len(shown(Repeated(Clock()), *[event("question.answered", "info", question_id=1)] * 5)) == 5


def test_what_is_held_back_holds_on_to_nothing() -> None:
    """The exception of a counted line is told by its type; its frames are let go."""
    repeated = Repeated(Clock())
    for _ in range(2):
        list(repeated.admit(event(exc_info=OSError(28, "No space left on /secret/path"))))
    assert list(repeated.rest()) == [event(exception="OSError (28)", repeated=1)]

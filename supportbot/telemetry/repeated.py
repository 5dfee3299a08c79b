"""A line that repeats itself is written once a second, with how often it came.

Only warnings and errors are held back: the others are the operator's record of what happened. Two are equal if
logger, level, event and kind of exception are, and every id that they name: two questions have two lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from structlog.typing import EventDict

from supportbot.faults import describe

SECONDS = 1.0
"""How long an equal line is held back; a flood of 8,000 lines a second had filled 115 MB in half a minute."""

_HELD_LEVELS = ("warning", "error", "critical")
_OF_A_TRACE = ("trace_id", "span_id")  # another one at each attempt

_Key = tuple[object, ...]


@dataclass(slots=True)
class _Window:
    """The second after a line was shown: how many came since, and the last of them."""

    until: float
    held: int = 0
    last: EventDict | None = None


class Repeated:
    """Counts equal events.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[_Key, _Window] = {}

    def admit(self, event: EventDict) -> Iterator[EventDict]:
        """Yield the events to show now: counts that are due, and the event itself unless it is held back.

        ``repeated`` of a shown event says for how many equal ones it stands, itself included.
        """
        now = self._clock()
        key = _key(event) if event.get("level") in _HELD_LEVELS else None
        window = self._windows.get(key) if key else None
        if window and now < window.until:
            window.held += 1
            window.last = _light(event)
            yield from self._due(now)
            return
        if key:
            self._windows.pop(key, None)  # so that it is at the end
            self._windows[key] = _Window(now + SECONDS)
        yield from self._due(now)
        yield {**event, "repeated": window.held + 1} if window and window.held else event

    def rest(self) -> Iterator[EventDict]:
        """Yield what is still held back."""
        yield from self._due(float("inf"))

    def _due(self, now: float) -> Iterator[EventDict]:
        # They are in the order in which they end.
        for key in list(takewhile(lambda key: self._windows[key].until <= now, self._windows)):
            window = self._windows.pop(key)
            if window.last is not None:
                yield {**window.last, "repeated": window.held}


def _key(event: EventDict) -> _Key:
    error = event.get("exc_info")
    kind = describe(error) if isinstance(error, BaseException) else None
    ids = tuple(
        (name, str(value))
        for name, value in sorted(event.items())
        if name.endswith("_id") and name not in _OF_A_TRACE
    )
    return event.get("logger"), event["level"], event.get("event"), event.get("place"), kind, ids


def _light(event: EventDict) -> EventDict:
    """Return an event without its exception, whose frames hold on to whatever was in use there."""
    kept = dict(event)
    error = kept.pop("exc_info", None)
    return kept | {"exception": describe(error)} if isinstance(error, BaseException) else kept

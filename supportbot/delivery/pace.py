"""How fast answers may be shown while they are written: what a platform allows each, and all of them together."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_REST_SECONDS = 30.0
"""For all streams of a platform that wants a pause and does not say for how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a platform lets answers be shown; seconds.

    Attributes:
        after: since the question was taken up; what is answered sooner is just posted.
        each: between two requests for one answer.
        all: between two requests for any answer, on average.
        starts: between the first requests of two answers.
        pause: in which nothing else goes to a channel after a stream began there.
    """

    after: float = 1.0
    each: float = 1.0
    all: float = 0.0
    starts: float = 0.0
    pause: float = 0.0


class Crowd:
    """The streams that a platform counts together: how many are open, and what that means for each."""

    def __init__(self) -> None:
        self._open = 0
        self._started = -math.inf
        self._rests_until = -math.inf

    def rests(self) -> bool:
        """Return whether the platform wants a pause."""
        return time.monotonic() < self._rests_until

    def rest(self, seconds: float | None) -> None:
        """Ask for nothing for so long; None where the platform did not say for how long."""
        self._rests_until = time.monotonic() + (_REST_SECONDS if seconds is None else seconds)

    def takes_start(self, pace: Pace) -> bool:
        """Return whether a stream may begin now; then no other does for a while."""
        if (now := time.monotonic()) - self._started < pace.starts:
            return False
        self._started = now
        return True

    def gives_start_back(self) -> None:
        """Let another stream begin instead."""
        self._started = -math.inf

    def interval(self, pace: Pace) -> float:
        """Return the seconds between two requests of one stream."""
        return max(pace.each, pace.all * self._open)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Count one more stream in this block."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

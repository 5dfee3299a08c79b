"""How fast answers come on this machine, and so how many at once can still be finished in time.

The rate is that of the time in which at least one answer was in progress; older evidence counts less and less, so
the figure follows another model or a busier machine within minutes.

This module knows no engine; it is told when an answer begins and how many tokens it came to.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from supportbot.engine.prompt import MAX_LENGTH
from supportbot.telemetry import metrics

_HALF_LIFE_SECONDS = 60.0
"""Of work; evidence of an hour ago, when the machine did something else too, says little."""

_LEAST_TOKENS = 200.0
"""As many as one long answer: less evidence than this is chance, and admits everything."""

_SOONEST_SECONDS, _LATEST_SECONDS = 5, 60
"""Nobody types a question again sooner, and nobody comes back for one much later."""


class Pace:
    """Measures tokens a second.

    Args:
        clock: in seconds, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._under_way = 0
        self._since = 0.0
        self._seconds = 0.0
        self._tokens = 0.0
        self._answers = 0.0

    def begin(self) -> None:
        """An answer begins."""
        self._pass_time()
        self._under_way += 1

    def end(self, tokens: int) -> None:
        """An answer has ended, or was given up, after so many tokens."""
        self._pass_time()
        self._under_way -= 1
        self._tokens += tokens
        self._answers += 1
        if (rate := self.rate) is not None:
            metrics.TOKENS_PER_SECOND.set(rate)

    @property
    def rate(self) -> float | None:
        """Tokens a second over all answers in progress; None before there is evidence."""
        return self._tokens / self._seconds if self._tokens >= _LEAST_TOKENS and self._seconds > 0 else None

    def admits(self, seconds: float) -> int | None:
        """Return how many of the longest answers at once can be finished within ``seconds``; None for any number.

        A rate at low load understates what a batch gives, which then shows as the number grows. One is always
        admitted, for without it there would never be other evidence.
        """
        rate = self.rate
        return None if rate is None else max(1, int(rate * seconds / MAX_LENGTH))

    @property
    def seconds_until_free(self) -> int:
        """How long to ask people to wait while there is too much to do: as long as what is in progress takes,
        twice.

        The second half is for those who are told the same.
        """
        if not self._answers:
            return _SOONEST_SECONDS
        seconds = 2 * max(1, self._under_way) * self._seconds / self._answers
        return round(min(_LATEST_SECONDS, max(_SOONEST_SECONDS, seconds)))

    def _pass_time(self) -> None:
        now = self._clock()
        if self._under_way:
            passed = now - self._since
            kept = 0.5 ** (passed / _HALF_LIFE_SECONDS)
            self._seconds = self._seconds * kept + passed
            self._tokens *= kept
            self._answers *= kept
        self._since = now

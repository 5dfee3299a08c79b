"""The progress of a comparison and its remaining time: a line a turn, and rounds until time is up."""

from __future__ import annotations

import time

from rich.console import Console

from benchmarks.processes import IDLE_SECONDS

_BUDGET_IDLE_SECONDS = 2.0
"""If time is short, no turn waits longer than this for a busy machine."""


class Pace:
    """Counts turns and reports each.

    Args:
        console: where lines go.
        minutes: limit of the whole comparison; None for no limit.

    Attributes:
        idle_seconds: how long a turn may wait until the machine is idle.
    """

    def __init__(self, console: Console, minutes: float | None) -> None:
        self._console = console
        self._began = self._round_began = time.monotonic()
        self._seconds = None if minutes is None else minutes * 60
        self._round_seconds = 0.0
        self._planned = self._done = 0
        self._turn_seconds = 0.0
        self.idle_seconds = IDLE_SECONDS if minutes is None else _BUDGET_IDLE_SECONDS

    def plan(self, turns: int) -> None:
        """Announce the number of turns; there may be time for fewer."""
        self._planned = turns

    def begin_round(self) -> bool:
        """Return whether there is time for another round, if it takes as long as the longest so far."""
        now = time.monotonic()
        if self._done:
            self._round_seconds = max(self._round_seconds, now - self._round_began)
        self._round_began = now
        return self._seconds is None or not self._done or now - self._began + self._round_seconds <= self._seconds

    def tell(self, what: str, figure: str, seconds: float) -> None:
        """Report a turn.

        Args:
            what: its name.
            figure: its result.
            seconds: its duration, waiting included.
        """
        self._done += 1
        self._turn_seconds += seconds
        left = self._turn_seconds / self._done * max(0, self._planned - self._done)
        if self._seconds is not None:
            left = min(left, max(0.0, self._seconds - (time.monotonic() - self._began)))
        count = f"turn {self._done} of {max(self._done, self._planned)}"
        self._console.print(f"{what}: {figure} ({count}, {_spoken(left)} left)", highlight=False, soft_wrap=True)


def _spoken(seconds: float) -> str:
    return f"about {round(seconds / 60)} min" if seconds >= 100 else f"about {round(seconds)} s"

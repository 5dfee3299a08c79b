"""How far a comparison is, and how long the rest of it takes: a line a turn, and rounds until time is up."""

from __future__ import annotations

import time

from rich.console import Console

from benchmarks.processes import IDLE_SECONDS

_BUDGET_IDLE_SECONDS = 2.0
"""Where time is short, nobody waits longer than this for a machine that is busy."""


class Pace:
    """Counts turns and tells of each.

    Args:
        console: where lines go.
        minutes: that the whole comparison may take; None for as many as it takes.

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
        """Say how many turns there will be, but for those that there is no time for."""
        self._planned = turns

    def begin_round(self) -> bool:
        """Return whether there is time for another round, if it takes as long as the longest so far."""
        now = time.monotonic()
        if self._done:
            self._round_seconds = max(self._round_seconds, now - self._round_began)
        self._round_began = now
        return self._seconds is None or not self._done or now - self._began + self._round_seconds <= self._seconds

    def tell(self, what: str, figure: str, seconds: float) -> None:
        """Tell of a turn.

        Args:
            what: it was.
            figure: that it gave.
            seconds: that it took, waiting included.
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

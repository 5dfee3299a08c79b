"""A comparison tells how far it is, and keeps to the time that it was given."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks import pacing
from benchmarks.pacing import Pace


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Return the time that was set."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of what is tested."""
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


def run_rounds(pace: Pace, clock: Clock, seconds: float) -> int:
    """Run rounds of two turns, at most 9, and return how many there were."""
    pace.plan(18)
    for number in range(9):
        if not pace.begin_round():
            return number
        for _ in range(2):
            clock.now += seconds / 2
            pace.tell(f"Round {number + 1}", "5 tokens/s", seconds / 2)
    return 9


@pytest.mark.parametrize(("minutes", "rounds"), [(None, 9), (4.0, 2), (3.99, 1), (0.5, 1)])
def test_rounds_until_time_is_up(clock: Clock, minutes: float | None, rounds: int) -> None:
    """Another round begins if it will end in time; there is always one, and what came before counts."""
    pace = Pace(Console(file=io.StringIO()), minutes)
    clock.now += 40  # peers were started
    assert run_rounds(pace, clock, 100) == rounds


def test_each_turn_is_told_with_what_is_left(clock: Clock) -> None:
    """Turns are counted, and the rest is as long as turns were, or as the time that is left."""
    said = io.StringIO()
    run_rounds(Pace(Console(file=said), 4), clock, 100)
    assert said.getvalue().splitlines() == [
        "Round 1: 5 tokens/s (turn 1 of 18, about 3 min left)",
        "Round 1: 5 tokens/s (turn 2 of 18, about 2 min left)",
        "Round 2: 5 tokens/s (turn 3 of 18, about 90 s left)",
        "Round 2: 5 tokens/s (turn 4 of 18, about 40 s left)",
    ]

"""Admission follows the speed that is measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.answering.pace import Pace
from supportbot.engine.prompt import MAX_LENGTH


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


def test_everything_is_admitted_before_there_is_evidence() -> None:
    """A fresh daemon does not know how fast it is."""
    assert Pace().admits(60) is None


def test_rate_counts_the_time_with_work_only() -> None:
    """Two answers side by side share their seconds, and idle hours change nothing."""
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    pace.begin()
    clock.now += 2
    pace.end(300)
    pace.end(300)
    clock.now += 3_600
    assert pace.rate == pytest.approx(300)
    assert pace.admits(10) == 3_000 // MAX_LENGTH


def test_a_crawling_machine_still_admits_one() -> None:
    """Without one there would never be other evidence."""
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    clock.now += 1_000
    pace.end(250)
    assert pace.admits(10) == 1


@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 200)), min_size=20, max_size=60))
def test_rate_lies_between_the_slowest_and_the_fastest(answers: list[tuple[float, int]]) -> None:
    """However old evidence is weighed, the rate is one between those that were seen."""
    clock = Clock()
    pace = Pace(clock)
    for seconds, tokens in answers:
        pace.begin()
        clock.now += seconds
        pace.end(tokens)
    rates = [tokens / seconds for seconds, tokens in answers]
    if pace.rate is not None:
        assert min(rates) * 0.999 <= pace.rate <= max(rates) * 1.001


def test_another_speed_shows_within_minutes() -> None:
    """A model that is ten times slower is noticed."""
    clock = Clock()
    pace = Pace(clock)
    for seconds in (1.0,) * 100 + (10.0,) * 60:
        pace.begin()
        clock.now += seconds
        pace.end(200)
    assert pace.rate == pytest.approx(20, rel=0.05)

"""When nobody heard is found, though one connection is back before the end of another is noticed."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.deafness import Deafness

NOTICED_WITHIN = 60
"""Seconds; what is heard back begins as long before the time that is told (``bot/slack/catchup.py``)."""


def standing(since: float = 100.0) -> Deafness:
    """Return two connections that stand."""
    deafness = Deafness(2)
    assert deafness.back(0, since) == 0.0
    assert deafness.back(1, since) is None
    return deafness


def test_one_is_back_before_the_end_of_the_other_is_noticed() -> None:
    """Both lines break at once, but at no time do none seem to stand."""
    deafness = standing()
    assert deafness.over(0, 200) is None
    assert deafness.back(0, 205) is None
    assert deafness.over(1, 199) == 200
    assert deafness.back(1, 211) is None


def test_one_is_back_after_the_end_of_both_was_noticed() -> None:
    """What was missed is told once, when somebody can hear again."""
    deafness = standing()
    assert deafness.over(0, 200) is None
    assert deafness.over(1, 201) is None
    assert deafness.back(1, 205) == 201
    assert deafness.back(0, 206) is None


def test_another_stands_all_the_time() -> None:
    """One after the other is made anew, as Slack asks every hour."""
    deafness = standing()
    for hour in range(1, 5):
        now = hour * 3_600.0
        assert [deafness.over(0, now), deafness.back(0, now + 1)] == [None, None]
        assert [deafness.over(1, now + 60), deafness.back(1, now + 61)] == [None, None]


def test_one_is_over_again_before_the_end_of_the_other_is_noticed() -> None:
    """The time for which one was deaf before counts as well."""
    deafness = standing()
    assert [deafness.over(0, 200), deafness.over(1, 200)] == [None, None]
    assert deafness.back(0, 202) == 200
    assert deafness.back(1, 204) is None
    assert deafness.over(1, 205) is None
    assert deafness.over(0, 203) == 203


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Return the ends of one connection, in order: when it last heard, when that is noticed, when it is back."""
    lengths = st.tuples(st.integers(1, 90), st.integers(0, NOTICED_WITHIN), st.integers(1, 90))
    steps = list(accumulate(length for end in draw(st.lists(lengths, max_size=6)) for length in end))
    return [(steps[at], steps[at + 1], steps[at + 2]) for at in range(0, len(steps), 3)]


@given(st.lists(lives(), min_size=2, max_size=3))
def test_no_time_is_overlooked(connections: list[list[tuple[int, int, int]]]) -> None:
    """Every second in which all were deaf is told after it, or lies within the margin before what is told."""
    deafness = Deafness(len(connections))
    for number in range(len(connections)):
        deafness.back(number, 0)
    events = [
        event
        for number, ends in enumerate(connections)
        for alive, noticed, back in ends
        for event in ((noticed, number, "over", alive), (back, number, "back", back))
    ]
    told: list[tuple[float, int]] = []
    for now, number, kind, value in sorted(events):
        since = getattr(deafness, kind)(number, value)
        if since is not None:
            told.append((since, now))
    deaf_all = set.intersection(
        *({second for alive, _, back in ends for second in range(alive, back)} for ends in connections)
    )
    for second in deaf_all:
        assert any(since - NOTICED_WITHIN <= second < now for since, now in told)

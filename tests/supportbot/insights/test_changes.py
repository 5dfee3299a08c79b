"""What is said to have changed: only what an interval supports."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.console.today.words import change_words
from supportbot.insights.changes import changes_of
from supportbot.insights.counting import Cell, Counted, Votes
from supportbot.statistics.interval import difference, ratio
from supportbot.statistics.kinds import Kind
from supportbot.words import ENGLISH, Words


def counted(days: list[dict[Kind, int]], votes: list[tuple[int, int]]) -> Counted:
    """Return what was counted, by days back from now."""
    today = datetime.now(UTC).date()
    return Counted(
        cells=tuple(
            Cell(days_ago=ago, day=today, kind=kind, version="", questions=number)
            for ago, kinds in enumerate(days)
            for kind, number in kinds.items()
        ),
        votes=tuple(Votes(days_ago=ago, version="", up=up, down=down) for ago, (up, down) in enumerate(votes)),
        handoffs=(),
    )


def test_difference_is_that_of_the_paper() -> None:
    """Newcombe's example: 56 of 70 against 48 of 80 differ by .2 (.0524 to .3339); without votes none."""
    assert difference((56, 14), (48, 32)) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert difference((0, 0), (1, 1)) is None


@given(st.lists(st.integers(0, 50), min_size=14, max_size=14))
def test_ratio_turns_around(days: list[int]) -> None:
    """Twice as many is half as many the other way around, and the interval holds the ratio."""
    found, turned = ratio(days[:7], days[7:]), ratio(days[7:], days[:7])
    if found is None or turned is None:
        assert not sum(days[:7]) or not sum(days[7:])
        return
    assert found == pytest.approx((1 / turned[0], 1 / turned[2], 1 / turned[1]))
    assert found[1] <= found[0] <= found[2]


def test_bursts_are_no_trend() -> None:
    """Of weeks in which nothing changes but people ask in bursts, about one in twenty is called a change."""
    drawn = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        days = drawn.poisson(drawn.gamma(3.0, 10.0, size=14))  # mean 30, variance eleven times that of Poisson
        found = ratio(days[:7].tolist(), days[7:].tolist())
        assert found is not None
        wrong += not found[1] <= 1 <= found[2]
    assert wrong / 400 < 0.08


def test_sentences_say_what_the_intervals_say() -> None:
    """A clear change is told with its interval; what chance may explain is called that; nothing is nothing."""
    clear = counted(
        [{Kind.VERIFIED: 40, Kind.NOT_SURE: 10}] * 7
        + [{Kind.GENERATED: 8, Kind.NOT_SURE: 12, Kind.REFUSED: 99}] * 7,
        [(5, 5)] * 7 + [(9, 1)] * 7,
    )
    assert change_words(changes_of(clear), ENGLISH) == [
        "More questions: 350 in the last 7 days, 140 in the 7 days before (2.0 to 3.1 times as many).",
        (
            "More answers: the bot had an answer to 80% of questions, compared with 40% before (30.6 to 48.6 "
            "points more)."
        ),
        (
            "People liked the answers less: 50% of votes were 👍, compared with 90% before (25.3 to 52.5 points "
            "less)."
        ),
    ]
    vague = counted(
        [{Kind.VERIFIED: 3, Kind.NOT_SURE: 1}] * 7 + [{Kind.VERIFIED: 2, Kind.NOT_SURE: 1}] * 7, [(1, 1)]
    )
    assert change_words(changes_of(vague), ENGLISH) == [
        "28 questions in the last 7 days, 21 in the 7 days before. That difference may be chance.",
        "The bot had an answer to 75% of questions, compared with 67% before. That may be chance.",
        "50% of votes were 👍. There are no earlier votes to compare with.",
    ]
    assert change_words(changes_of(counted([], [])), ENGLISH) == [
        "0 questions in the last 7 days, 0 in the 7 days before.",
        "No question was answered in the last 7 days.",
        "Nobody voted in the last 7 days.",
    ]
    assert not set(change_words(changes_of(clear), Words("de"))) & set(change_words(changes_of(clear), ENGLISH))

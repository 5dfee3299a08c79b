"""The test that may be looked at at any time: how often it errs, and what must hold of its interval."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from supportbot.trials.sequence import Judged, favoured, interval, log_evidence

ALPHA = 0.05
JUDGED = st.builds(Judged, st.integers(0, 400), st.integers(0, 400))


def decided_after(source: random.Random, live: float, candidate: float, share: float, most: int) -> int:
    """Vote until the test decides, looking after each vote; return the sign, 0 if it never does."""
    counts = [[0, 0], [0, 0]]
    for _ in range(most):
        arm = source.random() < share
        is_bad = source.random() >= (candidate if arm else live)
        counts[arm][is_bad] += 1
        if sign := favoured(Judged(*counts[0]), Judged(*counts[1]), ALPHA):
            return sign
    return 0


@pytest.mark.parametrize(("good", "share"), [(0.5, 0.5), (0.8, 0.2)])
def test_false_alarms_are_rare_however_often_one_looks(good: float, share: float) -> None:
    """With no difference, looking after each of 300 votes sees one in 5 % of trials at most."""
    source = random.Random(7)
    trials = 300
    alarms = sum(decided_after(source, good, good, share, 300) != 0 for _ in range(trials))
    assert alarms <= ALPHA * trials


def test_a_plain_test_would_err_far_more_often() -> None:
    """The same trials, looked at with a plain z-test after each vote, see a difference in over a fifth of them."""
    source = random.Random(7)

    def is_alarmed() -> bool:
        counts = [[0, 0], [0, 0]]
        for _ in range(300):
            counts[source.random() < 0.5][source.random() < 0.5] += 1
            first, second = map(sum, counts)
            both = (counts[0][0] + counts[1][0]) / (first + second)
            if min(first, second) < 10 or not 0 < both < 1:
                continue
            error = math.sqrt(both * (1 - both) * (1 / first + 1 / second))
            if abs(counts[0][0] / first - counts[1][0] / second) > 1.96 * error:
                return True
        return False

    assert sum(is_alarmed() for _ in range(300)) > 60


@pytest.mark.parametrize(("live", "candidate", "sign"), [(0.4, 0.8, 1), (0.8, 0.4, -1)])
def test_a_clear_difference_is_found(live: float, candidate: float, sign: int) -> None:
    """Forty points are found within 400 votes in nearly all trials, and never the wrong way round."""
    source = random.Random(3)
    found = [decided_after(source, live, candidate, 0.5, 400) for _ in range(40)]
    assert found.count(sign) >= 38
    assert -sign not in found


def test_evidence_is_a_martingale() -> None:
    """Whatever was seen, the next vote leaves the mean evidence against the true shares as it is."""
    # Of one arm against its own share, by the rule of the beta function: the other arm adds nothing.
    for good, bad, share in ((0, 0, 0.3), (3, 1, 0.5), (40, 60, 0.9)):
        now = _mixture(good, bad) / (share**good * (1 - share) ** bad)
        up = _mixture(good + 1, bad) / (share ** (good + 1) * (1 - share) ** bad)
        down = _mixture(good, bad + 1) / (share**good * (1 - share) ** (bad + 1))
        assert share * up + (1 - share) * down == pytest.approx(now)
        fitted = good / (good + bad) if good + bad else 0.5
        known = math.log(_mixture(good, bad)) - (good * math.log(fitted) + bad * math.log(1 - fitted))
        assert log_evidence(Judged(good, bad), Judged(0, 0)) == pytest.approx(known, abs=1e-9)


def _mixture(good: int, bad: int) -> float:
    return math.exp(math.lgamma(good + 0.5) + math.lgamma(bad + 0.5) - math.lgamma(good + bad + 1)) / math.pi


@given(JUDGED, JUDGED, st.sampled_from([0.01, 0.05, 0.2]))
@example(Judged(0, 0), Judged(0, 0), 0.05)
@example(Judged(10, 0), Judged(0, 10), 0.05)
@example(Judged(400, 0), Judged(400, 0), 0.05)
def test_interval(live: Judged, candidate: Judged, alpha: float) -> None:
    """It holds what was seen, stays within -1 and 1, turns with the arms, and agrees with the decision."""
    low, high = interval(live, candidate, alpha)
    assert -1 <= low <= high <= 1
    if live.number and candidate.number:
        assert low <= candidate.good / candidate.number - live.good / live.number <= high
    turned = interval(candidate, live, alpha)
    assert (low, high) == pytest.approx((-turned[1], -turned[0]), abs=1e-9)
    wider = interval(live, candidate, alpha / 10)
    assert wider[0] <= low + 1e-12
    assert high <= wider[1] + 1e-12
    sign = favoured(live, candidate, alpha)
    assert sign == (1 if low > 0 else -1 if high < 0 else 0)


def test_an_empty_arm_decides_nothing() -> None:
    """However many votes one arm has, nothing is known without the other."""
    assert interval(Judged(400, 0), Judged(0, 0), ALPHA)[1] >= 0
    assert favoured(Judged(400, 0), Judged(0, 0), ALPHA) == 0

"""Differences come with intervals that mean what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluate.intervals import (
    Difference,
    Ratio,
    auroc,
    auroc_difference,
    paired_difference,
    ratio_difference,
)


@pytest.mark.parametrize(
    ("lost", "gained", "beyond"), [(5, 0, False), (6, 0, True), (9, 2, False), (10, 2, True), (0, 6, False)]
)
def test_few_changed_rows_have_an_exact_interval(lost: int, gained: int, beyond: bool) -> None:
    """A loss is beyond chance where McNemar's exact test says so, with 2.5 % on this side."""
    same = 40 - lost - gained
    before = [True] * lost + [False] * gained + [True] * same
    after = [False] * lost + [True] * gained + [True] * same
    found = paired_difference(after, before)
    assert found.value == pytest.approx((gained - lost) / 40)
    assert found.low <= found.value <= found.high
    assert (found.high < 0) is beyond
    assert beyond is (sum(math.comb(lost + gained, n) for n in range(gained + 1)) / 2 ** (lost + gained) < 0.025)
    assert paired_difference(before, before) == Difference(0, 0, 0)


def test_equal_rows_differ_by_nothing() -> None:
    """A model compared with itself gives exactly zero, without a warning, also where all rows are alike."""
    for rows in ([1.0] * 30, [0.0, 1.0] * 15):
        difference = ratio_difference(Ratio.of(rows), Ratio.of(rows), seed=0)
        assert difference is not None
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_interval_holds_the_truth_as_often_as_promised() -> None:
    """Of 200 experiments with a known difference about 95 % of the intervals hold it."""
    random = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        against = random.normal(0, 1, 60)
        candidate = against + random.normal(0.3, 1, 60)
        difference = ratio_difference(Ratio.of(candidate), Ratio.of(against), seed)
        assert difference is not None
        held += difference.low <= 0.3 <= difference.high
    assert 0.89 <= held / 200 <= 0.99


def test_pairing_makes_the_interval_narrow() -> None:
    """Rows that are hard for both models don't hide a small, steady gain."""
    hard = np.random.default_rng(2).normal(5, 3, 50)
    difference = ratio_difference(Ratio.of(hard + 0.1), Ratio.of(hard), seed=0)
    assert difference is not None
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)


def test_loss_is_weighted_by_tokens() -> None:
    """A ratio is the sum of the parts over the sum of the weights, and may be shown through a function."""
    candidate = Ratio.of([2.0, 9.0], [1, 9])
    assert candidate.value == pytest.approx(1.1)
    difference = ratio_difference(candidate, Ratio.of([1.0, 9.0], [1, 9]), seed=0, shown=np.exp)
    assert difference is not None
    assert difference.value == pytest.approx(np.exp(1.1) - np.exp(1.0))


def test_seed_decides_the_interval() -> None:
    """The same seed gives the same interval, another seed another one."""
    rows = np.random.default_rng(3).normal(0, 1, 25)
    first, again, other = (ratio_difference(Ratio.of(rows), Ratio.of(-rows), seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_too_few_rows_have_no_interval() -> None:
    """One row can't be drawn from."""
    assert ratio_difference(Ratio.of([1.0]), Ratio.of([0.0]), seed=0) is None


def test_auroc_of_one_kind_does_not_exist() -> None:
    """Where every answer is right, confidence has nothing to tell apart."""
    assert auroc([1, 1], [0.1, 0.2]) is None
    assert auroc_difference(([1, 1], [0.1, 0.2]), ([0, 1], [0.1, 0.2]), seed=0) is None
    assert auroc([0, 1], [0.1, 0.2]) == 1


def test_auroc_difference_survives_resamples_of_one_kind() -> None:
    """A single wrong answer is missing from a third of the resamples; those are left out without a warning."""
    labels = [0] + [1] * 19
    good, bad = list(range(20)), list(range(20, 0, -1))
    difference = auroc_difference((labels, good), (labels, bad), seed=0)
    assert difference is not None
    assert difference.value == 1
    assert difference.low <= 1 <= difference.high


def test_strata_keep_both_kinds() -> None:
    """In-scope and out-of-scope questions are drawn among themselves."""
    labels = [1] * 5 + [0]
    same = auroc_difference((labels, [2, 2, 2, 2, 2, 1]), (labels, [1, 1, 1, 1, 1, 2]), seed=0, strata=labels)
    assert same is None  # one out-of-scope question can't be drawn from
    labels, scores = [1] * 5 + [0] * 2, [2.0] * 5 + [1.0] * 2
    sure = auroc_difference((labels, scores), (labels, scores[::-1]), seed=0, strata=labels)
    assert sure is not None
    assert sure.low > 0

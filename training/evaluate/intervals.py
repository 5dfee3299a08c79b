"""How uncertain a difference is: bootstrap confidence intervals, paired by row.

Both models answered the same rows, so a row is drawn with both its outcomes. Every figure is a ratio of two sums
over rows (a mean is one over ones), which keeps a loss weighted by its tokens. The intervals are percentiles; BCa
is undefined when all rows are equal, as when a model is compared with itself. If a few rows decide, the interval
is exact, see ``paired_difference``.

This module knows numbers only.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score

RESAMPLES = 2000
"""Enough that an end of a 95 % interval is off by a few hundredths of its length."""

AUROC_RESAMPLES = 500
"""An AUROC is computed separately for each resample: this many take about a second."""

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus against, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share of rows, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure made of rows: the sum of ``parts`` over the sum of ``weights`` (ones, if not given)."""

    parts: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, parts: ArrayLike, weights: ArrayLike | None = None) -> Ratio:
        """Return the ratio of some rows; without weights it is their mean."""
        numbers = np.asarray(parts, dtype=float)
        return cls(numbers, np.ones_like(numbers) if weights is None else np.asarray(weights, dtype=float))

    @property
    def value(self) -> float:
        """The figure."""
        return float(self.parts.sum() / self.weights.sum())


def ratio_difference(
    candidate: Ratio,
    against: Ratio,
    seed: int,
    shown: Callable[[Any], Any] = lambda value: value,
) -> Difference | None:
    """Return the difference of a figure, or None with too few rows to resample.

    Args:
        candidate: its rows.
        against: the same rows, answered by the other model.
        seed: of the resampling.
        shown: applied to both figures before they are subtracted, such as ``np.exp``.
    """

    def statistic(a: Any, aw: Any, b: Any, bw: Any, axis: int = -1) -> Any:
        return shown(a.sum(axis) / aw.sum(axis)) - shown(b.sum(axis) / bw.sum(axis))

    data = (candidate.parts, candidate.weights, against.parts, against.weights)
    return _interval(data, statistic, seed, RESAMPLES, paired=True, vectorized=True)


def share(hits: Sequence[bool]) -> Share:
    """Return a share with its Clopper-Pearson interval (https://doi.org/10.1093/biomet/26.4.404).

    Args:
        hits: whether each row has it, at least one row.
    """
    found = stats.binomtest(sum(hits), len(hits)).proportion_ci(LEVEL)
    return Share(sum(hits) / len(hits), float(found.low), float(found.high))


def paired_difference(candidate: Sequence[bool], against: Sequence[bool]) -> Difference:
    """Return how much a share differs, with an exact interval: for a few changed rows a bootstrap is too sure.

    Of the rows that only one model has right, the candidate's share has its Clopper-Pearson interval; that this
    leaves out one half is McNemar's exact test (https://doi.org/10.1007/BF02295996).

    Args:
        candidate: whether each row is right, at least one.
        against: the same rows, answered by the other model.
    """
    pairs = list(zip(candidate, against, strict=True))
    gained, lost = pairs.count((True, False)), pairs.count((False, True))
    if not gained + lost:
        return Difference(0.0, 0.0, 0.0)
    share = stats.binomtest(gained, gained + lost).proportion_ci(LEVEL)
    changed = (gained + lost) / len(pairs)
    return Difference(
        (gained - lost) / len(pairs), changed * (2 * float(share.low) - 1), changed * (2 * float(share.high) - 1)
    )


def auroc(labels: ArrayLike, scores: ArrayLike) -> float | None:
    """Return the area under the ROC curve, or None where only one kind of label occurs."""
    kinds = np.asarray(labels, dtype=bool)
    return float(roc_auc_score(kinds, np.asarray(scores))) if 0 < kinds.sum() < len(kinds) else None


def auroc_difference(
    candidate: tuple[ArrayLike, ArrayLike],
    against: tuple[ArrayLike, ArrayLike],
    seed: int,
    strata: ArrayLike | None = None,
) -> Difference | None:
    """Return how much an AUROC differs, or None where one of them does not exist.

    Args:
        candidate: labels and scores of its rows.
        against: the same rows, answered by the other model.
        seed: of the resampling.
        strata: rows of one stratum are drawn among themselves, such as in-scope and out-of-scope questions.
    """
    mine, theirs = (
        (np.asarray(labels, dtype=bool), np.asarray(scores, dtype=float))
        for labels, scores in (candidate, against)
    )
    if auroc(*mine) is None or auroc(*theirs) is None:
        return None
    groups = np.zeros(len(mine[0])) if strata is None else np.asarray(strata)
    data = tuple(np.flatnonzero(groups == group) for group in np.unique(groups))

    def statistic(*drawn: NDArray[np.int64]) -> float:
        rows = np.concatenate(drawn)
        a, b = auroc(mine[0][rows], mine[1][rows]), auroc(theirs[0][rows], theirs[1][rows])
        return np.nan if a is None or b is None else a - b

    return _interval(data, statistic, seed, AUROC_RESAMPLES, paired=False, vectorized=False)


def _interval(
    data: tuple[NDArray[Any], ...],
    statistic: Callable[..., Any],
    seed: int,
    resamples: int,
    *,
    paired: bool,
    vectorized: bool,
) -> Difference | None:
    if any(len(sample) < 2 for sample in data):
        return None
    with warnings.catch_warnings():
        # A resample without any wrong answer has no AUROC; those are left out below.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        result = stats.bootstrap(
            data,
            statistic,
            n_resamples=resamples,
            method="percentile",
            paired=paired,
            vectorized=vectorized,
            rng=np.random.default_rng(seed),
        )
    drawn = result.bootstrap_distribution
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return Difference(float(statistic(*data)), float(low), float(high))

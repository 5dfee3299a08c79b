"""How sure an answer must be: the threshold, from the operator's own rows alone.

A threshold is asked two questions. Of each wording, what would be answered if this wording were not there? That
shows what is answered wrongly. Of each wording, what would be answered if its whole answer were not there? Then it
is a foreign question, near the subject as only the operator's own can be; general ones are too easy. The threshold
is the lowest at which few of the first are wrong and few of the second are answered.

If a wording would be answered wrongly, with more confidence than a quarter of the right ones have, then two
answers claim it. No threshold helps there without silencing everything else, but a curator can, who sees it in
``supportbot knowledge status``. Such wordings are counted separately, up to a limit.

Where most answers have a single wording, the first question has nothing to tell, so the second one is asked more
strictly. Where there is too little of anything, the threshold is one that held on sets of our own.

The answers to both questions are kept (``LeftOut``), so what another threshold would bring, and another share of
wrong answers, is counted from them without asking anything anew.

This module knows numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats

FOREIGN_SHARE = 0.17
"""Of the left-out answers' wordings this share may be answered; they are nearer than most foreign questions."""

FOREIGN_SHARE_SINGLE = 0.02
"""The same where most answers have one wording only: the 98th percentile."""

LEAST_THRESHOLD = 0.35
"""No answer is sure below it, whatever the rows say: a handful of them proves little."""

THIN_THRESHOLD = 0.5
"""Of knowledge that is too small to be calibrated. On 108 little FAQs each, English and German, 1 and 3 % of the
questions were answered that only others of their kind answer, and at most 1.4 % of general ones."""

_USUAL = 0.25
_MOST_CONTESTED = 1
"""Times the wrong rate: as many wordings may be set aside as contested. Users type such questions, too: of six
FAQs whose wordings are users' own, 3.7 % were answered wrongly at a rate of 2 %, and with 1.25 times 4.0 %."""

_ENOUGH_ROWS = 12
_ENOUGH_ANSWERS = 3


class Evidence(StrEnum):
    """What a threshold is based on."""

    WORDINGS = "wordings"
    SINGLE_WORDINGS = "single wordings"
    TOO_LITTLE = "too little"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold with its figures; shares are from 0 to 1, None where there is nothing to tell.

    Attributes:
        threshold: the least confidence of a sure answer.
        evidence: what it is based on.
        coverage: expected share of questions in scope that are answered.
        wrong: expected share of questions in scope that are answered wrongly, contested ones apart.
        contested: share of the wordings that another answer claims as surely.
        foreign: share of the left-out answers' wordings that would be answered.
        wrong_rate: what was asked for.
    """

    threshold: float
    evidence: Evidence
    coverage: float | None
    wrong: float | None
    contested: float | None
    foreign: float | None
    wrong_rate: float

    def as_record(self) -> dict[str, Any]:
        """Return this as JSON can hold it."""
        return asdict(self)


def _nothing() -> Floats:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """What the rows say of themselves, each as if it, or its whole answer, were not there.

    Attributes:
        confidence: of each wording, left out, ``[n]``.
        right: whether what it would be answered with is its own answer, ``[n]``.
        comparable: whether its answer has other wordings, so that it could be right at all, ``[n]``.
        foreign: confidence of each wording, with its whole answer left out, ``[n]``, or none.
        answers: how many there are.
        marked: confidence of the questions that a curator marked as none of ours; hardly any of them may pass.
    """

    confidence: Floats
    right: NDArray[np.bool_]
    comparable: NDArray[np.bool_]
    foreign: Floats
    answers: int
    marked: Floats = field(default_factory=_nothing)

    @property
    def is_too_little(self) -> bool:
        """Whether it proves nothing."""
        return self.answers < _ENOUGH_ANSWERS or len(self.confidence) < _ENOUGH_ROWS

    @property
    def is_single(self) -> bool:
        """Whether most answers have one wording, so that it cannot be told what would be right."""
        return bool(2 * np.count_nonzero(self.comparable) < len(self.comparable))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What a threshold brings; shares as in ``Calibration``, but ``wrong`` has the contested ones as well."""

    threshold: float
    coverage: float
    wrong: float
    foreign: float


def curve(rows: LeftOut, thresholds: Sequence[float]) -> list[CurvePoint]:
    """Return what some thresholds would bring; nothing where the rows cannot tell."""
    if rows.is_too_little or rows.is_single:
        return []
    confidence, right = rows.confidence[rows.comparable], rows.right[rows.comparable]
    return [
        CurvePoint(
            threshold=threshold,
            coverage=float((confidence >= threshold).mean()),
            wrong=float(((confidence >= threshold) & ~right).mean()),
            foreign=float((rows.foreign >= threshold).mean()) if len(rows.foreign) else 0.0,
        )
        for threshold in thresholds
    ]


def calibrate(rows: LeftOut, *, wrong_rate: float) -> Calibration:
    """Return the lowest threshold that the rows allow.

    Args:
        rows: what they say of themselves.
        wrong_rate: the share of questions in scope that may be answered wrongly.
    """
    if rows.is_too_little:
        return Calibration(
            threshold=THIN_THRESHOLD,
            evidence=Evidence.TOO_LITTLE,
            coverage=None,
            wrong=None,
            contested=None,
            foreign=None,
            wrong_rate=wrong_rate,
        )
    single = rows.is_single
    confidence, right = rows.confidence[rows.comparable], rows.right[rows.comparable]
    wrong = np.sort(confidence[~right])
    contested = _contested(confidence, right, int(_MOST_CONTESTED * wrong_rate * len(confidence)))
    least = max(
        LEAST_THRESHOLD,
        _above(wrong, contested + int(wrong_rate * len(confidence))),
        _above_quantile(rows.marked, FOREIGN_SHARE_SINGLE),
    )
    share = FOREIGN_SHARE_SINGLE if single else FOREIGN_SHARE
    threshold = max(least, _above_quantile(rows.foreign, share))
    answered = confidence >= threshold
    known = len(confidence) > 0 and not single
    return Calibration(
        threshold=float(threshold),
        evidence=Evidence.SINGLE_WORDINGS if single else Evidence.WORDINGS,
        coverage=float(answered.mean()) if known else None,
        wrong=max(0, int((answered & ~right).sum()) - contested) / len(right) if known else None,
        contested=contested / len(right) if known else None,
        foreign=float((rows.foreign >= threshold).mean()),
        wrong_rate=wrong_rate,
    )


def _contested(confidence: Floats, right: NDArray[np.bool_], most: int) -> int:
    """Return how many wordings another answer claims more surely than a quarter of the right ones are known."""
    if not right.any():
        return 0
    usual = np.quantile(confidence[right], _USUAL)
    return min(most, int(np.count_nonzero(confidence[~right] >= usual)))


def _above_quantile(values: Floats, share: float) -> float:
    """Return the lowest threshold that about this share of some values reaches."""
    if not len(values):
        return 0.0
    return float(np.nextafter(np.float32(np.quantile(values, 1 - share)), np.float32(np.inf)))


def _above(ascending: Floats, allowed: int) -> float:
    """Return the lowest threshold that at most so many of some values reach."""
    if len(ascending) <= allowed:
        return 0.0
    return float(np.nextafter(ascending[len(ascending) - 1 - allowed], np.float32(np.inf)))

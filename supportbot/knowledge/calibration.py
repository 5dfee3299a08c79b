"""How sure an answer must be: the threshold, from the operator's own rows alone.

A threshold is asked two questions. Of each wording, what would be answered if this wording were not there? That
shows what is answered wrongly. Of each wording, what would be answered if its whole answer were not there? Then it
is a foreign question, near the subject as only the operator's own can be; general ones are too easy. The threshold
is the lowest at which few of the first are wrong and few of the second are answered.

A wording that would surely be answered wrongly, more surely than a quarter of the right ones are, is claimed by
two answers: no threshold helps there without silence everywhere, but a curator does, who sees it in
``supportbot knowledge status``. Such wordings are counted apart, up to a limit.

Where most answers have a single wording, the first question has nothing to tell, so the second one is asked more
strictly. Where there is too little of anything, the threshold is one that held on sets of our own.

This module knows numbers only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats

FOREIGN_SHARE = 0.17
"""Of the left-out answers' wordings this share may be answered; they are nearer than most foreign questions."""

FOREIGN_SHARE_SINGLE = 0.02
"""The same where most answers have one wording only: the 98th percentile."""

LEAST_THRESHOLD = 0.3
"""No answer is sure below it, whatever the rows say: a handful of them proves little."""

THIN_THRESHOLD = 0.5
"""Of knowledge that is too small to be calibrated: above the .27 to .41 that parts of a shop's FAQ came to."""

_USUAL = 0.25
_MOST_CONTESTED = 2
"""Times the wrong rate: as many wordings may be set aside as contested."""

_ENOUGH_ROWS = 12
_ENOUGH_ANSWERS = 3


class Evidence(StrEnum):
    """What a threshold stands on."""

    WORDINGS = "wordings"
    SINGLE_WORDINGS = "single wordings"
    TOO_LITTLE = "too little"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold with its figures; shares are from 0 to 1, None where there is nothing to tell.

    Attributes:
        threshold: the least confidence of a sure answer.
        evidence: what it stands on.
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


def calibrate(
    confidence: Floats,
    right: NDArray[np.bool_],
    comparable: NDArray[np.bool_],
    foreign_confidence: Floats,
    *,
    answers: int,
    marked: Floats,
    wrong_rate: float,
) -> Calibration:
    """Return the lowest threshold that the rows allow.

    Args:
        confidence: of each wording, left out, ``[n]``.
        right: whether what it would be answered with is its own answer, ``[n]``.
        comparable: whether its answer has other wordings, so that it could be right at all, ``[n]``.
        foreign_confidence: of each wording, with its whole answer left out, ``[n]``.
        answers: how many there are.
        marked: confidence of the questions that a curator marked as none of ours; hardly any of them may pass.
        wrong_rate: the share of questions in scope that may be answered wrongly.
    """
    if answers < _ENOUGH_ANSWERS or len(confidence) < _ENOUGH_ROWS:
        return Calibration(
            threshold=THIN_THRESHOLD,
            evidence=Evidence.TOO_LITTLE,
            coverage=None,
            wrong=None,
            contested=None,
            foreign=None,
            wrong_rate=wrong_rate,
        )
    single = 2 * np.count_nonzero(comparable) < len(comparable)
    confidence, right = confidence[comparable], right[comparable]
    wrong = np.sort(confidence[~right])
    contested = _contested(confidence, right, int(_MOST_CONTESTED * wrong_rate * len(confidence)))
    least = max(
        LEAST_THRESHOLD,
        _above(wrong, contested + int(wrong_rate * len(confidence))),
        _above_quantile(marked, FOREIGN_SHARE_SINGLE),
    )
    share = FOREIGN_SHARE_SINGLE if single else FOREIGN_SHARE
    threshold = max(least, _above_quantile(foreign_confidence, share))
    answered = confidence >= threshold
    known = len(confidence) > 0 and not single
    return Calibration(
        threshold=float(threshold),
        evidence=Evidence.SINGLE_WORDINGS if single else Evidence.WORDINGS,
        coverage=float(answered.mean()) if known else None,
        wrong=max(0, int((answered & ~right).sum()) - contested) / len(right) if known else None,
        contested=contested / len(right) if known else None,
        foreign=float((foreign_confidence >= threshold).mean()),
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

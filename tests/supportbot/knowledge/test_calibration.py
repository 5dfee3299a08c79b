"""The threshold keeps what it promises on the rows that it is made of, whatever they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from supportbot.knowledge.calibration import (
    FOREIGN_SHARE,
    LEAST_THRESHOLD,
    THIN_THRESHOLD,
    Evidence,
    LeftOut,
    calibrate,
    curve,
)

_CONFIDENCES = arrays(np.float32, st.integers(20, 80), elements=st.floats(0, 1, width=32))


@given(_CONFIDENCES, st.data())
def test_threshold_allows_no_more_than_it_may(confidence: np.ndarray, data: st.DataObject) -> None:
    """At most the wanted share is wrong, contested rows apart, and the given share of foreign ones passes."""
    right = np.array(data.draw(st.lists(st.booleans(), min_size=len(confidence), max_size=len(confidence))))
    foreign = data.draw(arrays(np.float32, len(confidence), elements=st.floats(0, 1, width=32)))
    wrong_rate = data.draw(st.floats(0.001, 0.4))
    rows = LeftOut(
        confidence=confidence,
        right=right,
        comparable=np.ones(len(confidence), dtype=bool),
        foreign=foreign,
        answers=9,
    )
    found = calibrate(rows, wrong_rate=wrong_rate)
    assert found.evidence is Evidence.WORDINGS
    wrong = int(((confidence >= found.threshold) & ~right).sum())
    assert found.wrong is not None
    assert found.contested is not None
    assert wrong <= (wrong_rate + found.contested) * len(confidence) + 1e-9
    assert found.contested <= wrong_rate
    # A quantile lies between two rows, so one row more may be above it.
    assert (foreign >= found.threshold).sum() <= FOREIGN_SHARE * len(foreign) + 1
    assert found.threshold >= np.float32(LEAST_THRESHOLD)
    assert found.wrong <= wrong_rate
    [here] = curve(rows, [found.threshold])
    assert (here.coverage, here.foreign) == (found.coverage, found.foreign)
    assert here.wrong <= found.wrong + found.contested + 1e-9


def test_contested_wordings_do_not_silence_the_others() -> None:
    """Of two that are surely wrong, one is contested, for the curator, and one allowed: the threshold stays."""
    confidence = np.linspace(0.5, 0.95, 60, dtype=np.float32)
    foreign = np.full(60, 0.1, np.float32)
    right = np.ones(60, dtype=bool)
    everything = np.ones(60, dtype=bool)

    def found(right: np.ndarray) -> tuple[float, float | None]:
        rows = LeftOut(confidence=confidence, right=right, comparable=everything, foreign=foreign, answers=6)
        result = calibrate(rows, wrong_rate=0.02)
        return result.threshold, result.contested

    before, none = found(right)
    right[[-1, -2]] = False
    after, contested = found(right)
    assert none == 0
    assert contested == 1 / 60
    assert after == before


def test_single_wordings_are_asked_more_strictly() -> None:
    """Where no answer has a second wording, hardly any left-out answer may be answered; nothing is promised."""
    confidence = np.linspace(0.3, 0.9, 40, dtype=np.float32)
    foreign = np.linspace(0.1, 0.6, 40, dtype=np.float32)
    none = np.zeros(40, dtype=bool)
    rows = LeftOut(confidence=confidence, right=none, comparable=none, foreign=foreign, answers=40)
    found = calibrate(rows, wrong_rate=0.02)
    assert curve(rows, [0.5]) == []  # there is nothing to tell
    assert found.evidence is Evidence.SINGLE_WORDINGS
    assert (foreign >= found.threshold).mean() <= 0.05
    assert (found.coverage, found.wrong) == (None, None)


def test_marked_questions_stay_below() -> None:
    """What a curator marked as none of ours is above the threshold only by exception."""
    confidence = np.full(30, 0.9, np.float32)
    marked = np.full(10, 0.7, np.float32)
    everything = np.ones(30, dtype=bool)
    low = np.full(30, 0.1, np.float32)
    rows = LeftOut(
        confidence=confidence, right=everything, comparable=everything, foreign=low, answers=6, marked=marked
    )
    found = calibrate(rows, wrong_rate=0.02)
    assert np.float32(0.7) < found.threshold <= 0.9


def test_too_little_gets_a_cautious_threshold() -> None:
    """One answer with two wordings can't be calibrated, and is not trusted with whatever comes."""
    two = np.ones(2, np.float32)
    rows = LeftOut(confidence=two, right=two > 0, comparable=two > 0, foreign=two[:0], answers=1)
    found = calibrate(rows, wrong_rate=0.02)
    assert (found.threshold, found.evidence) == (THIN_THRESHOLD, Evidence.TOO_LITTLE)

"""One rule decides what is better."""

from __future__ import annotations

import re

import pytest

from training.evaluate.intervals import Difference
from training.evaluate.verdict import judge

GAIN = Difference(0.10, 0.02, 0.18)
NOTHING = Difference(0.0, -0.05, 0.05)
SLIGHTLY_WORSE = Difference(-0.02, -0.08, 0.04)
LOSS = Difference(-0.2, -0.3, -0.1)
HIGHER = Difference(0.2, 0.1, 0.3)


@pytest.mark.parametrize(
    ("rows", "right", "surprise", "telling", "better", "sentence"),
    [
        (40, GAIN, NOTHING, None, True, "Better: it answers more"),
        (40, GAIN, HIGHER, NOTHING, True, "Better: it answers more"),
        (40, NOTHING, LOSS, NOTHING, True, "Better: it answers no fewer"),
        (40, NOTHING, NOTHING, NOTHING, False, "no gain beyond chance"),
        (40, NOTHING, HIGHER, NOTHING, False, "no gain beyond chance"),
        (40, SLIGHTLY_WORSE, LOSS, NOTHING, False, "no more held-out rows right"),
        (40, LOSS, LOSS, NOTHING, False, "fewer held-out rows right"),
        (40, GAIN, LOSS, Difference(-0.10, -0.2, -0.01), False, "tells out-of-scope questions less well"),
        (40, GAIN, LOSS, Difference(-0.04, -0.06, -0.01), True, "Better"),
        (40, GAIN, LOSS, Difference(-0.10, -0.2, 0.01), True, "Better"),
        (19, GAIN, LOSS, NOTHING, False, "Not enough evidence: 19 held-out rows.*supportbot curate review"),
    ],
)
def test_verdict(
    rows: int, right: Difference, surprise: Difference, telling: Difference | None, better: bool, sentence: str
) -> None:
    """More right answers, or less surprise at no cost; never for less doubt, never on a handful of rows."""
    verdict = judge(rows, right, surprise, telling)
    assert verdict.better is better
    assert re.search(sentence, verdict.sentence)

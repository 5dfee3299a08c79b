"""One rule decides what is better."""

from __future__ import annotations

import re

import pytest

from training.evaluate.intervals import Difference
from training.evaluate.verdict import Learned, judge

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
        (40, SLIGHTLY_WORSE, LOSS, NOTHING, False, "does not answer more held-out rows right"),
        (40, LOSS, LOSS, NOTHING, False, "fewer held-out rows right"),
        (40, GAIN, LOSS, Difference(-0.10, -0.2, -0.01), False, "separates out-of-scope questions less well"),
        (40, GAIN, LOSS, Difference(-0.04, -0.06, -0.01), True, "Better"),
        (40, GAIN, LOSS, Difference(-0.10, -0.2, 0.01), True, "Better"),
        (19, GAIN, LOSS, NOTHING, False, "Not enough evidence: 19 held-out rows.*supportbot curate review"),
    ],
)
def test_verdict(
    rows: int, right: Difference, surprise: Difference, telling: Difference | None, better: bool, sentence: str
) -> None:
    """More right answers, or less surprise at no cost; never for less doubt, never on a handful of rows."""
    verdict = judge(rows=rows, right_rows=rows, right=right, surprise=surprise, telling=telling)
    assert (verdict.better, verdict.forgot) == (better, False)
    assert re.search(sentence, verdict.sentence)


@pytest.mark.parametrize(("rows", "right_rows", "better"), [(40, 20, True), (40, 19, False), (41, 20, False)])
@pytest.mark.parametrize(("right", "surprise"), [(GAIN, LOSS), (GAIN, NOTHING), (NOTHING, LOSS)])
def test_fewer_than_half_right_is_never_better(
    rows: int, right_rows: int, better: bool, right: Difference, surprise: Difference
) -> None:
    """However much a candidate gained, half of the held-out rows must be right."""
    verdict = judge(rows=rows, right_rows=right_rows, right=right, surprise=surprise)
    assert verdict.better is better
    assert better or f"it answers {right_rows} of {rows} held-out rows right" in verdict.sentence


@pytest.mark.parametrize(
    ("learned", "forgot"),
    [
        (Learned(34, 40, 40, Difference(-0.15, -0.15, -0.012)), True),
        (Learned(35, 40, 40, Difference(-0.125, -0.25, 0.0)), False),
        (Learned(40, 36, 40, Difference(0.1, 0.025, 0.2)), False),
        (None, False),
    ],
)
@pytest.mark.parametrize(("rows", "right_rows"), [(40, 40), (40, 0), (5, 5)])
def test_candidate_that_forgot_is_never_better(
    rows: int, right_rows: int, learned: Learned | None, forgot: bool
) -> None:
    """A loss beyond chance of what the other was trained on outweighs every gain, and is the first thing said."""
    verdict = judge(rows=rows, right_rows=right_rows, right=GAIN, surprise=LOSS, learned=learned)
    assert (verdict.forgot, verdict.sentence.startswith("Forgot: of ")) == (forgot, forgot)
    assert verdict.better is (not forgot and right_rows == 40)

"""The floor for questions that knowledge refused: which one follows from what a model said to them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluate.floors import Counted, Kind, Said, choose_floor, count
from training.evaluate.left_out import LeftOut, confidences
from training.evaluate.rows import Row
from training.evaluate.scoring import Score

SAID = st.builds(
    Said, confidence=st.none() | st.floats(-20, 0, allow_subnormal=False), heard=st.booleans(), right=st.booleans()
)


@given(
    said=st.dictionaries(st.sampled_from(Kind), st.lists(SAID, max_size=60), min_size=1),
    own=st.none() | st.floats(-20, 0),
    wrong_rate=st.floats(0.001, 0.5),
)
def test_floor_is_the_lowest_that_keeps_the_rate(
    said: dict[Kind, list[Said]], own: float | None, wrong_rate: float
) -> None:
    """No kind has more wrong answers than allowed, the own floor is the least, and no lower one would do."""

    def is_kept(floor: float | None) -> bool:
        return all(count(answers, floor).wrong <= wrong_rate * len(answers) for answers in said.values())

    floor = choose_floor(said, own, wrong_rate)
    assert is_kept(floor)
    if floor != own:
        assert floor is not None
        assert own is None or floor > own
        assert not is_kept(math.nextafter(floor, -math.inf))


def test_each_kind_counts_by_itself() -> None:
    """A hundred easy foreign questions hide nothing: the sure wrong one of ten left-out ones raises the floor."""
    easy = [Said(None, heard=False)] * 100
    hard = [Said(-0.01, heard=True), *[Said(-0.3, heard=False)] * 9]
    inside = [Said(-0.02, heard=True, right=True), Said(-0.005, heard=True, right=True)]
    said = {Kind.IN_SCOPE: inside, Kind.LEFT_OUT: hard, Kind.FOREIGN: easy}
    floor = choose_floor(said, -0.1, 0.02)
    assert floor is not None
    assert -0.01 < floor < -0.005
    assert [count(answers, floor) for answers in said.values()] == [
        Counted(2, 1, 0),
        Counted(10, 0, 0),
        Counted(100, 0, 0),
    ]
    assert count(hard, -0.1) == Counted(10, 0, 1)
    assert choose_floor({Kind.IN_SCOPE: inside}, None, 0.02) is None  # none is needed


def score(whole: float, beginning: float, first: tuple[int, ...]) -> Score:
    """Return the score of an answer with these probabilities."""
    return Score(nats=-math.log(whole), tokens=20, size=80, beginning=-math.log(beginning), first=first)


@pytest.mark.parametrize(
    ("own", "other", "probability"),
    [
        (score(0.9, 0.9, (1, 2)), score(0.05, 0.05, (3, 4)), 0.5),  # half of what is left
        (score(0.6, 0.7, (1, 2)), score(0.1, 0.7, (1, 2)), 0.25),  # both begin alike
        (score(1e-9, 1e-9, (1, 2)), score(0.8, 0.8, (3, 4)), 0.8),  # it would not have said it anyway
        (score(1.0, 1.0, (1, 2)), score(1e-9, 1e-9, (3, 4)), 1.0),  # nothing else is left
    ],
)
def test_left_out_answer_leaves_its_probability_to_the_others(
    own: Score, other: Score, probability: float
) -> None:
    """How sure the model would be of another answer, had it not learned the right one; scored in pairs."""

    def scored(rows: object) -> list[Score]:
        assert rows == [Row("how?", "A"), Row("how?", "B")]
        return [own, other]

    questions = [LeftOut("far?", "A", None), LeftOut("how?", "A", "B")]
    far, near = confidences(questions, scored)
    assert far is None
    assert near == pytest.approx(math.log(probability) / 2, abs=1e-6)

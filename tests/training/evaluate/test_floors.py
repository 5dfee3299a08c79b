"""The floor for questions that knowledge refused: which one follows from what a model said to them."""

from __future__ import annotations

import math
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from training.evaluate.floors import Counted, Kind, Said, choose_floor, count

SAID = st.builds(
    Said,
    confidence=st.none() | st.floats(-20, 0, allow_subnormal=False),
    heard=st.booleans(),
    counts=st.booleans(),
    right=st.booleans(),
)


@given(
    said=st.dictionaries(st.sampled_from(Kind), st.lists(SAID, max_size=60), min_size=1),
    own=st.none() | st.floats(-20, 0),
    wrong_rate=st.floats(0.001, 0.5),
)
def test_floor_is_the_lowest_that_keeps_the_rate(
    said: dict[Kind, list[Said]], own: float | None, wrong_rate: float
) -> None:
    """No more answers count as wrong than allowed, the own floor is the least, and no lower one would do."""
    answers = list(chain.from_iterable(said.values()))

    def is_kept(floor: float | None) -> bool:
        wrong = [one for one in answers if one.counts and not one.right and one.confidence is not None]
        shown = [one for one in wrong if floor is None or (one.confidence or 0.0) >= floor]
        return len(shown) <= wrong_rate * len(answers)

    floor = choose_floor(said, own, wrong_rate)
    assert is_kept(floor)
    if floor != own:
        assert floor is not None
        assert own is None or floor > own
        assert not is_kept(math.nextafter(floor, -math.inf))


def test_foreign_questions_count_as_if_an_answer_were_near() -> None:
    """What would be said to them surely raises the floor, even where it is not shown since nothing is near."""
    inside = [Said(confidence, heard=True, counts=True, right=True) for confidence in (-0.02, -0.005)]
    far = [Said(-0.01, heard=False, counts=True), *[Said(-0.3, heard=False, counts=False)] * 9]
    said = {Kind.IN_SCOPE: inside, Kind.MARKED: [], Kind.OUT_OF_SCOPE: far}
    floor = choose_floor(said, -0.1, 0.02)
    assert floor == math.nextafter(-0.01, 0)
    assert count(inside, floor) == Counted(2, right=1, wrong=0)
    assert count(far, floor) == count(far, -0.1) == Counted(10, right=0, wrong=0)
    assert choose_floor(said, -0.1, 0.1) == -0.1  # one of twelve may be wrong
    assert choose_floor({Kind.IN_SCOPE: inside}, None, 0.02) is None
    near = [Said(-0.01, heard=True, counts=True)]
    assert [count(near, at) for at in (-0.1, floor, None)] == [
        Counted(1, 0, 1),
        Counted(1, 0, 0),
        Counted(1, 0, 1),
    ]

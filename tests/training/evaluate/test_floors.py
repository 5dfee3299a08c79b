"""The floor for questions that knowledge refused: which one follows from what a model said to them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from training.evaluate.floors import Counted, Kind, Said, choose_floor, count

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
    """A hundred easy foreign questions hide nothing: the sure one of ten marked ones raises the floor."""
    easy = [Said(None, heard=False)] * 100
    hard = [Said(-0.01, heard=True), *[Said(-0.3, heard=False)] * 9]
    inside = [Said(-0.02, heard=True, right=True), Said(-0.005, heard=True, right=True)]
    said = {Kind.IN_SCOPE: inside, Kind.MARKED: hard, Kind.OUT_OF_SCOPE: easy}
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

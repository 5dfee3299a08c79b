"""Which wordings of an answer are held out: a tenth of each, together with what is nearly alike."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from supportbot.db.states import Split
from supportbot.feedback.curation import held_out as module
from supportbot.feedback.curation.held_out import Wordings, hold_out, tenth_of

SIDES = st.sampled_from(Split)
NAMES = st.sets(st.text("abcde ", min_size=1, max_size=12), max_size=40)
UNLIKE = [f"{letter * 4} {letter.upper() * 3}" for letter in "abcdefghijklmnopqrstuvwxyz"]


def test_a_tenth_is_one_from_five_on() -> None:
    """Halves are rounded up, and fewer than five wordings are all trained on."""
    assert [tenth_of(number) for number in (0, 1, 4, 5, 9, 10, 14, 15, 100)] == [0, 0, 0, 1, 1, 1, 1, 2, 10]
    assert hold_out(UNLIKE[:4], {}) == set()
    assert len(hold_out(UNLIKE[:20], {})) == 2


def test_the_choice_is_that_of_the_first_day() -> None:
    """A file is split the same today and in a year: a model would be measured on what it was trained on."""
    assert hold_out(UNLIKE[:20], {}) == {"cccc CCC", "qqqq QQQ"}


@given(NAMES, st.data())
def test_nearly_alike_wordings_stay_on_one_side(names: set[str], data: st.DataObject) -> None:
    """Whatever is settled keeps its side; never more than a tenth is added, and likeness never crosses sides."""
    settled = {name: data.draw(SIDES) for name in sorted(names) if data.draw(st.integers(0, 4)) == 0}
    held = hold_out(names, settled)
    assert held <= names
    assert all((name in held) == (side is Split.HELD_OUT) for name, side in settled.items())
    for one in held - settled.keys():
        for other in names - held - settled.keys():
            assert fuzz.ratio(one, other) < 90
    if not settled:
        assert len(held) <= tenth_of(len(names))


def test_wordings_that_are_all_alike_are_trained_on() -> None:
    """Of one endless series none could be asked that is new."""
    assert hold_out([f"where is my parcel number {number}" for number in range(40)], {}) == set()


def test_many_wordings_are_compared_with_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer with very many wordings takes no quadratic time, and twins are found all the same."""
    monkeypatch.setattr(module, "_MOST_COMPARED", 5)
    names = [*UNLIKE, *(f"{name}x" for name in UNLIKE)]
    held = hold_out(names, {})
    assert len(held) == 4
    assert {name.removesuffix("x") for name in held} == {name for name in held if not name.endswith("x")}


def test_a_question_with_several_answers_is_trained_on() -> None:
    """It would be known from the other answer; what was settled before stays as it was."""
    with closing(Wordings()) as wordings:
        for name in UNLIKE[:10]:
            wordings.add("one", name)
            wordings.add("two", name)
        wordings.settle(UNLIKE[0], Split.HELD_OUT)
        wordings.settle(UNLIKE[1], Split.HELD_OUT)
        wordings.settle(UNLIKE[1], Split.TRAIN)
        assert wordings.held_out() == {UNLIKE[0]}

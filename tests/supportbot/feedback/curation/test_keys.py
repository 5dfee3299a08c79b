"""Splits and sort keys: pure functions of a text, for ever."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from supportbot.db.states import Split
from supportbot.feedback.curation.keys import (
    HELD_OUT_SHARE,
    SORT_KEY_CHARACTERS,
    normalise,
    numbers_in,
    sort_key_of,
    split_of,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def test_splits_are_those_of_the_first_day() -> None:
    """The split of a conversation never changes: a model would be examined on what it was trained on."""
    assert [name for name in map(str, range(40)) if split_of(name) is Split.HELD_OUT] == ["9", "39"]


def test_a_tenth_is_held_out() -> None:
    """Of many conversations about a tenth is held out."""
    held_out = sum(split_of(f"slack:T1:C1:{number}") is Split.HELD_OUT for number in range(20_000))
    assert abs(held_out / 20_000 - HELD_OUT_SHARE) < 0.01


@given(ANY_TEXT)
def test_any_text_has_keys(text: str) -> None:
    """Text of any kind has a split and a sort key that a database can index."""
    assert split_of(text) is split_of(text)
    key = sort_key_of(text)
    assert len(key) <= SORT_KEY_CHARACTERS
    assert normalise(text) == normalise(normalise(text))


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1), st.randoms(use_true_random=False))
def test_sort_key_ignores_order_case_and_punctuation(words: list[str], chance: random.Random) -> None:
    """The same words in another order, in capitals, with punctuation, are sorted to the same place."""
    shuffled = chance.sample(words, len(words))
    assert sort_key_of(" ".join(words)) == sort_key_of(", ".join(shuffled).upper() + "?!")


def test_numbers_are_kept_apart() -> None:
    """Words with digits are found wherever they are."""
    assert numbers_in(normalise("Order 17 with the X-200b, please")) == ("17", "200b")
    began = time.process_time()
    assert numbers_in("donaudampfschifffahrt" * 2_000) == ()
    assert time.process_time() - began < 1, "a word of 40,000 characters takes its length, not the square of it"


def test_a_text_without_words_is_its_own_key() -> None:
    """Emoji are different from one another."""
    assert normalise("😀") != normalise("😡")

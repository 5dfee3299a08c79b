"""Typing errors are put right towards the knowledge's own words, and nothing else is touched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supportbot.knowledge.spelling import Spelling

TEXTS = ("How do I cancel my subscription?", "Was my order refunded or refused?", "Ask for a refund")
ENGLISH = frozenset({"counsel", "border", "please", "concert"})


def corrected(text: str) -> str:
    """Return a text as it is compared with ``TEXTS``."""
    return Spelling(TEXTS, ENGLISH.__contains__).corrected(text)


def test_misspelt_words_become_those_of_the_knowledge() -> None:
    """Swapped, missing and doubled letters are put right; signs, blanks and other words stay as they are."""
    assert corrected("Plz cancle  my subscribtion!!") == "Plz cancel  my subscription!!"
    assert corrected("CANCLE it, please") == "cancel it, please"


def test_known_and_short_words_stay() -> None:
    """A word that the encoder knows, a short one, and one that begins otherwise are not replaced."""
    for text in ("border", "counsel", "adk for ot", "bubscription", "orde"):
        assert corrected(text) == text


def test_stem_is_nearer_than_another_word() -> None:
    """An ending that the knowledge does not use leads to its stem rather than to a word that looks alike."""
    spelling = Spelling(("refund", "refuse refuse refuse"), lambda word: False)
    assert spelling.corrected("refunds") == "refund"


@given(st.text(max_size=60))
def test_right_texts_and_odd_ones_pass(text: str) -> None:
    """Whatever is typed comes back with as many words, and a text of known words comes back as it was."""
    assert len(corrected(text).split()) == len(text.split())
    assert Spelling([text], lambda word: False).corrected(text) == text

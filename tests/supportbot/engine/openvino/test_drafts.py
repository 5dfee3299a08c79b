"""What is supposed to follow an answer, from texts that were said before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supportbot.engine.openvino.drafts import Drafts

FIRST = tuple(range(100, 120))
SECOND = (*range(200, 206), *range(110, 114), *range(206, 212))


def test_what_followed_before_is_supposed_to_follow() -> None:
    """From its first token on, an answer that goes like a known one is foretold to its end."""
    drafts = Drafts()
    drafts.add(FIRST)
    for place in range(1, len(FIRST)):
        assert drafts.propose(FIRST[:place], 5) == FIRST[place : place + 5]


def test_nothing_is_supposed_of_what_is_new() -> None:
    """An answer without a token, an end, and a context that nobody has used have no continuation."""
    drafts = Drafts()
    drafts.add(FIRST)
    assert drafts.propose((), 5) == ()
    assert drafts.propose(FIRST, 5) == ()
    assert drafts.propose((7,), 5) == ()
    assert drafts.propose((*FIRST[:4], 7), 5) == ()


def test_a_long_context_is_better_than_a_recent_one() -> None:
    """Where two texts share a few tokens, the one that shares more of them goes on."""
    drafts = Drafts()
    drafts.add(FIRST)
    drafts.add(SECOND)
    assert drafts.propose(FIRST[:13], 2) == FIRST[13:15]
    assert drafts.propose((*SECOND[3:6], *SECOND[6:10]), 2) == SECOND[10:12]
    assert drafts.propose((1, 2, 3, *FIRST[10:13]), 2) == SECOND[9:11]


def test_the_oldest_make_room() -> None:
    """What was said longest ago is forgotten; what is said again is not."""
    drafts = Drafts(most_tokens=40)
    drafts.add(FIRST)
    drafts.add(SECOND)
    drafts.add(FIRST)
    drafts.add(tuple(range(300, 318)))
    assert len(drafts) == 2
    assert drafts.propose(FIRST[:5], 3) == FIRST[5:8]
    assert drafts.propose(SECOND[:5], 3) == ()
    drafts.add(range(1_000))
    assert len(drafts) == 2


@given(st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=30), st.lists(st.integers(0, 3), max_size=12))
def test_whatever_was_said_is_a_piece_of_it(texts: list[list[int]], answer: list[int]) -> None:
    """What is supposed stands in a text that is still kept, after the last tokens of the answer."""
    drafts = Drafts(most_tokens=60)
    for text in texts:
        drafts.add(text)
    proposed = drafts.propose(answer, 4)
    assert len(proposed) <= 4
    if proposed:
        known = (*answer[-3:], *proposed)
        assert any(known == tuple(text[at : at + len(known)]) for text in texts for at in range(len(text)))

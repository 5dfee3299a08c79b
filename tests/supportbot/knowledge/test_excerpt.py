"""What is quoted of a passage: its beginning, word for word, that ends where a sentence ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.knowledge.excerpt import MOST, Excerpt, excerpt

LONG = "This sentence is one of very many. " * 30


def test_short_passage_is_quoted_whole() -> None:
    """Nothing is taken from what is short enough."""
    assert excerpt("One.\n\nTwo.") == Excerpt("One.\n\nTwo.", is_whole=True)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Short.\n\n{LONG.strip()}\n\n{LONG}", f"Short.\n\n{LONG.strip()}"),
        ("Do this:\n" + "- an item of a list\n" * 100, "Do this:\n" + "- an item of a list\n" * 74),
        (LONG * 2, ("This sentence is one of very many. " * 42)),
        ("First.\n\n```\ncode\n\n" + "more code\n" * 200 + "```", "First."),
        ("x" * 2_000, None),
    ],
)
def test_long_passage_is_cut_between_paragraphs_lines_or_sentences(text: str, kept: str | None) -> None:
    """Paragraphs are kept whole, else lines, else sentences, and code stays closed; some texts can't be cut."""
    found = excerpt(text)
    assert (found and (found.text, found.is_whole)) == (kept and (kept.strip(), False))


@given(st.text(alphabet=st.sampled_from("ab.!? \n`😀"), max_size=4_000))
def test_excerpt_is_the_beginning_of_its_text(text: str) -> None:
    """Whatever the text is, what is quoted stands at its beginning and is no longer than allowed."""
    if (found := excerpt(text)) is not None:
        assert text.startswith(found.text)
        assert len(found.text.encode("utf-16-le")) // 2 <= MOST
        assert found.is_whole == (found.text == text)

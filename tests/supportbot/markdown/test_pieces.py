"""Long Markdown is read in pieces, and reads as if it were read at once."""

from __future__ import annotations

import pytest

from supportbot import markdown
from supportbot.markdown import Code, Items, Paragraph
from supportbot.markdown.pieces import pieces
from supportbot.markdown.tree import MAX_LENGTH, MOST_READ

PARTS = [
    "# How",
    "One **bold** paragraph\nof two lines.",
    "- a\n\n  - b\n\n  more of a",
    "```py\nx = 1\n\ny = 2\n```",
    "~~~\n```\n\nnot closed by other signs\n~~~",
    "> said\n\n> said again",
    "    indented\n\n    code",
]


@pytest.mark.parametrize("limit", [1, 20, 60, 10_000])
def test_pieces_are_the_text(limit: int) -> None:
    """Nothing is lost, a piece ends before a paragraph at the margin, and code stays whole."""
    text = "\n\n".join(PARTS)
    found = list(pieces(text, limit))
    assert "".join(found) == text
    assert [one for piece in found for one in markdown.read(piece)] == list(markdown.read(text))
    assert all(piece.count("```py") == piece.count("y = 2") for piece in found)


def test_long_text_is_read() -> None:
    """What is longer than is read at once has its formatting to the end."""
    text = "\n\n".join(["**a** b", "- c", "```\nd\n\ne\n```"] * 1_000)
    assert MAX_LENGTH < len(text) < MOST_READ
    blocks = markdown.read(text)
    assert [type(block) for block in blocks] == [Paragraph, Items, Code] * 1_000


def test_endless_text_is_as_it_was_typed() -> None:
    """Beyond a bound nobody waits for the parser."""
    (block,) = markdown.read("**a** " * MOST_READ)
    assert isinstance(block, Paragraph)
    assert block.spans[0].text.startswith("**a** **a**")

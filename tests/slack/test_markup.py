"""Slack's text format, read and written."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialects.slack_markup import SECTION_LIMIT, escape, escaped_pieces, to_plain


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<@U0BOT> how do I reset it?", "how do I reset it?"),
        ("<@U0BOT|bot>, how do I reset it?", "how do I reset it?"),
        ("hey <@U0BOT> how do I reset it?", "hey how do I reset it?"),
        ("<@U0BOT>", ""),
        ("ask <@U1> or <@U2|ada>", "ask @U1 or @ada"),
        ("in <#C1|general> or <#C2>", "in #general or #C2"),
        ("<!channel> <!here|here> <!subteam^S1> <!subteam^S1|@helpers>", "@channel @here @S1 @helpers"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<http://example.com|example.com>", "example.com"),
        ("<https://example.com|our page>", "our page (https://example.com)"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("a < b", "a < b"),
        ("<>", "<>"),
        ("<|endoftext|>", "<|endoftext|>"),
    ],
)
def test_text_is_read_as_a_person_sees_it(sent: str, read: str) -> None:
    """Slack's markup becomes what Slack shows, and the bot's own mention disappears."""
    assert to_plain(sent, "U0BOT") == read


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text makes reading fail."""
    assert isinstance(to_plain(text, "U0BOT"), str)


@given(st.text())
def test_escaped_text_has_no_markup(text: str) -> None:
    """Escaped text holds no angle bracket, and no ampersand but those of escapes."""
    escaped = escape(text)
    assert not set("<>") & set(escaped)
    assert "&" not in escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_unshowable_characters_are_left_out() -> None:
    """NUL, a lone surrogate and a right-to-left override don't reach Slack."""
    assert escape("a\x00b\ud800c\u202ed") == "abcd"


@given(st.text(alphabet=st.sampled_from("ab&<> \n\u202e"), max_size=400), st.integers(5, 60))
def test_pieces_fit_and_lose_nothing(text: str, limit: int) -> None:
    """Pieces are short enough, never blank, never cut an escape, and together are the text."""
    pieces = list(escaped_pieces(text, limit))
    assert all(0 < len(piece) <= limit and piece.strip() for piece in pieces)
    together = "".join(html.unescape(piece) for piece in pieces)
    assert "".join(together.split()) == "".join(text.replace("\u202e", "").split())


def test_long_text_breaks_at_a_line() -> None:
    """A text that doesn't fit breaks between lines rather than within one."""
    line = "word " * 150
    assert [piece.count("\n") for piece in escaped_pieces(f"{line}\n" * 8, SECTION_LIMIT)] == [2, 2, 1]

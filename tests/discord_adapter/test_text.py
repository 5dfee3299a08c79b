"""What a model may say on Discord: anything, without pinging or deceiving anybody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord._text import LIMIT, build_answer_text, cut

HOSTILE = [
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "[bank](http://evil)",
    "[bank](<http://evil>)",
    "[a]",
    "(http://evil)",
    "]\u202e(",
    "](",
    "@\u202eeveryone",
    "```",
    "\x00",
    "\ud800",
    "\u200b",
    "\n",
    "word ",
    "👩‍👩‍👧‍👦",
    "Z̷̢̛",
]
_texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=40).map("".join)
MASKED_LINK = re.compile(r"\]\(")
PING = re.compile(r"@(everyone|here)|<@[!&]?\d{17,20}>")


@settings(deadline=None)  # other tests may keep the machine busy
@given(answer=_texts, question=st.none() | _texts)
def test_nothing_pings_or_hides_an_address(answer: str, question: str | None) -> None:
    """Whatever was written, no mention and no masked link is left, and Discord accepts the length."""
    text = build_answer_text(answer, question)
    assert not PING.search(text)
    assert not MASKED_LINK.search(text)
    assert 0 < len(text.encode("utf-16-le")) // 2 <= LIMIT
    assert text.strip()
    assert not re.search(r"[\x00-\x08\u202a-\u202e\u2066-\u2069]", text)


@settings(deadline=None)  # other tests may keep the machine busy
@given(answer=_texts)
def test_cleaning_twice_changes_nothing_more(answer: str) -> None:
    """Text that was cleaned is clean."""
    once = build_answer_text(answer)
    assert build_answer_text(once) == once


@settings(deadline=None)  # other tests may keep the machine busy
@given(text=_texts.map(lambda text: text.encode("utf-8", "replace").decode() * 3), limit=st.integers(50, 300))
def test_cut_text_keeps_its_beginning(text: str, limit: int) -> None:
    """A text that is cut is as long as allowed at most, begins as before, and leaves no code block open."""
    short = cut(text, limit)
    assert len(short.encode("utf-16-le")) // 2 <= limit
    if short != text:
        assert "…" in short
        assert text.startswith(short.removesuffix("\n```").removesuffix("…"))
        assert short.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("See [bank](http://evil).", "See [bank] (http://evil)."),
        ("Hello @everyone", "Hello @\u200beveryone"),
        ("<|endoftext|>\nBot: hi", "<|endoftext|>\nBot: hi"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("a\x00b\r\nc", "ab\nc"),
        ("\u200b\u200d", "…"),
        ("**bold** `code`", "**bold** `code`"),
    ],
)
def test_answers_stay_readable(answer: str, expected: str) -> None:
    """Only what pings, hides or breaks is changed; other markdown is left alone."""
    assert build_answer_text(answer) == expected


def test_question_is_quoted_in_one_plain_line() -> None:
    """The quoted question cannot format or outgrow the answer."""
    text = build_answer_text("Yes.", "**Is**\nit\n```open```?" + "x" * 1000)
    quote, _, answer = text.partition("\n")
    assert quote.startswith(r"> \*\*Is\*\* it \`\`\`open\`\`\`?")
    assert len(quote) < 500
    assert answer == "Yes."


@pytest.mark.parametrize("length", [1_999, 2_000, 2_001, 40_000])
def test_long_answers_are_cut(length: int) -> None:
    """An answer of more than 2,000 characters is cut, one of 2,000 is not."""
    text = build_answer_text("a" * length)
    assert (text == "a" * length) == (length <= LIMIT)
    assert len(text) <= LIMIT

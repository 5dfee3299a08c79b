"""What a model may say on Discord: anything, without pinging or deceiving anybody, and all of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialects.discord_text import LIMIT, build_answer_parts

HOSTILE = [
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "[bank](http://evil)",
    "[bank](<http://evil>)",
    "[bank](http://e`vil)",
    "![bank](http://evil)",
    "@[everyone](http://evil)",
    "[a]",
    "(http://evil)",
    "]\u202e(",
    "](",
    "\\",
    "`",
    "``",
    "@\u202eeveryone",
    "```",
    "\n```\n",
    "\n\n",
    "\n~~~\n",
    "\n|a|b|\n|-|-|\n|",
    "\x00",
    "\ud800",
    "\u200b",
    "\n",
    "word ",
    "👩‍👩‍👧‍👦",
    "Z̷̢̛",
    "x" * 1_990,
]
_texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=40).map("".join)
PING = re.compile(r"@(everyone|here)|<@[!&]?\d{17,20}>")

# How Discord's own client reads a text, from left to right: what is escaped, code, and what hides an address.
_READ = re.compile(
    r"(?P<escaped>\\[^0-9A-Za-z\s])"
    r"|(?P<block>```(?:[a-z0-9_+\-.#]+?\n)?\n*[^\n].*?\n*```)"
    r"|(?P<span>(?P<marks>`+)(?:.*?[^`])(?P=marks)(?!`))"
    r"|(?P<masked>\[(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]\(\s*<?https?:[^\s]*?>?(?:\s+['\"].*?['\"])?\s*\))",
    re.DOTALL | re.IGNORECASE,
)


def masked_links(text: str) -> list[str]:
    """Return the links whose address Discord would hide."""
    return [found[0] for found in _READ.finditer(text) if found.lastgroup == "masked"]


@settings(deadline=None)  # other tests may keep the machine busy
@given(answer=_texts, question=st.none() | _texts)
def test_nothing_pings_or_hides_an_address(answer: str, question: str | None) -> None:
    """Whatever was written, no mention, no masked link and no open code is left, and Discord takes the length."""
    for text in build_answer_parts(answer, question, mark="-# From the handbook"):
        assert not PING.search(text)
        assert not masked_links(text)
        assert 0 < len(text.encode("utf-16-le")) // 2 <= LIMIT
        assert text.strip()
        assert not re.search(r"[\x00-\x08\u202a-\u202e\u2066-\u2069]", text)
        assert "`" not in _READ.sub("", text)  # none that opens something


_SHAPES: Mapping[str, Callable[[str, int], str]] = {
    "lines": lambda line, count: "\n".join([line] * count),
    "list": lambda line, count: "\n".join([f"* **{line}**"] * count),
    "word": lambda line, count: line.replace(" ", "_") * count,  # perhaps one that no message holds
    "table": lambda line, count: "\n".join(["| w | w |", "|---|--:|", *[f"| w | {line} |"] * count]),
    "code": lambda line, count: "\n".join(["```PY", *[line] * count, "```"]),
}


@st.composite
def _answers(draw: st.DrawFn) -> str:
    """Return an answer of many shapes, each of its words another one."""
    shapes = draw(
        st.lists(
            st.tuples(st.sampled_from(sorted(_SHAPES)), st.integers(1, 40), st.integers(1, 60)),
            min_size=1,
            max_size=6,
        )
    )
    text = "\n\n".join(_SHAPES[shape](" ".join("w" * length), count) for shape, count, length in shapes)
    numbers = itertools.count()
    return re.sub(r"\bw|(?<=_)w", lambda _: f"w{next(numbers)}", text)


@settings(deadline=None, max_examples=50)  # other tests may keep the machine busy
@given(answer=_answers())
def test_every_word_is_shown_once_and_in_order(answer: str) -> None:
    """However long an answer is, its messages together say what it says, and a block that fits is not divided."""
    texts = build_answer_parts(answer, mark="-# MARK")
    assert "".join(re.findall("[a-z0-9]", "".join(texts))) == "".join(re.findall("[a-z0-9]", answer))
    for block in answer.split("\n\n"):
        if len(block) <= LIMIT and "|" not in block:
            assert any(block in text for text in texts)
    for text in texts:
        assert len(text) <= LIMIT
        assert len(re.findall(r"^```(?:PY)?$", text, re.MULTILINE)) % 2 == 0
    assert texts[-1].endswith("-# MARK")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("See [bank](http://evil).", "See bank (<http://evil>)."),
        ("[http://a.example](http://a.example)", "<http://a.example>"),
        ("[write](mailto:a@b.example)", "write (mailto:a@b.example)"),
        ("[![logo](https://img)](https://x 'title')", "logo (<https://img>) (<https://x>)"),
        ("`f[0](x)` is code", "`f[0](x)` is code"),
        ("`[a](http://b)` is Markdown", "`[a] (http://b)` is Markdown"),
        ("```c++\n[](int x) {}\n```", "```c++\n[](int x) {}\n```"),
        ("[a](http://b`c) `d`", "a (<http://b%60c>) `d`"),
        ("it`s [a](http://b) here", "it\\`s a (<http://b>) here"),
        ("a ``` b", "a \\`\\`\\` b"),
        ("~~~\nx\n~~~", "```\nx\n```"),
        ("1. do\n   ```bash\n   ls\n   ```\n2. look", "1. do\n```bash\nls\n```\n2. look"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("````\na ``` b\n````", "```\na `` ` b\n```"),
        ("Hello @everyone", "Hello @\u200beveryone"),
        ("<|endoftext|>\nBot: hi", "<|endoftext|>\nBot: hi"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("a\x00b\r\nc", "ab\nc"),
        ("\u200b\u200d", "…"),
        (
            "# Head\n\n* **bold** `code`\n  1. ~~two~~\n> quoted",
            "# Head\n\n* **bold** `code`\n  1. ~~two~~\n> quoted",
        ),
        (
            "Prices:\n| Plan | Price |\n|---|--:|\n| **A** | 1 |\n| [B](https://b.example) | 100 |\n\nThat is all",
            "Prices:\n```\nPlan                   Price\n---------------------  -----\n"
            "A                          1\nB (https://b.example)    100\n```\n\nThat is all",
        ),
    ],
)
def test_answers_stay_readable(answer: str, expected: str) -> None:
    """Only what pings, hides, breaks or has no form here is changed; other Markdown is left alone."""
    assert build_answer_parts(answer) == [expected]


def test_question_is_quoted_in_one_plain_line() -> None:
    """The quoted question cannot format or outgrow the answer."""
    (text,) = build_answer_parts("Yes.", "**Is**\nit\n```open```?" + "x" * 1000)
    quote, _, answer = text.partition("\n")
    assert quote.startswith(r"> \*\*Is\*\* it \`\`\`open\`\`\`?")
    assert len(quote) < 500
    assert answer == "Yes."


def test_code_that_no_message_holds_is_opened_again() -> None:
    """Long code is divided between lines, and each piece is code of the same language."""
    lines = [f"    print({number})" for number in range(300)]
    texts = build_answer_parts("First:\n```py\n" + "\n".join(lines) + "\n```\nThen rest.")
    assert texts[0] == "First:"
    pieces = [text.removesuffix("\nThen rest.") for text in texts[1:]]
    assert len(pieces) > 2
    assert all(piece.startswith("```py\n    print(") and piece.endswith(")\n```") for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n")[1:-1]] == lines


@pytest.mark.parametrize(("length", "messages"), [(2_000, 1), (2_001, 2), (40_000, 20)])
def test_long_answers_are_divided(length: int, messages: int) -> None:
    """An answer of more than 2,000 characters is shown in several messages."""
    texts = build_answer_parts("a" * length)
    assert (len(texts), sum(map(len, texts))) == (messages, length)


def test_what_stands_below_an_answer() -> None:
    """A remark is left out where there is no room; a mark gets a message of its own there."""
    assert build_answer_parts("a" * 1_990, remarks=["longer remark", "short"]) == ["a" * 1_990 + "\nshort"]
    assert build_answer_parts("a" * 2_000, remarks=["remark"]) == ["a" * 2_000]
    assert build_answer_parts("a" * 2_000, mark="-# mark") == ["a" * 2_000, "-# mark"]

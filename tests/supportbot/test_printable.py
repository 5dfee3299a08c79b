"""Nothing that cannot be seen leaves the program, and nothing that is written is lost."""

from __future__ import annotations

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialects.discord_text import build_answer_parts, build_label, build_name
from bot.dialects.slack_markup import escape, escaped_pieces
from supportbot.cli._terminal import print_json
from supportbot.printable import printable

UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060\u2063\u3164\ufeff\uffa0\ufff9"
TAGS = "".join(map(chr, range(0xE0000, 0xE0080)))
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SELECTORS = "\ufe00\ufe0e\ufe0f\U000e0100\U000e01ef\u180b"
JOINERS = "\u200c\u200d"
ODD = f"{UNSEEN}{TAGS}{BIDI}{SELECTORS}{JOINERS}\u2028\u2029\x00\x1b\x7f\x85\x9b\ud800"

VISIBLE_FORMATS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Of the category Cf, but signs that stand around a number; and the controls of hieroglyphs, which place them."""

WRITTEN = {
    "family": "👨\u200d👩\u200d👧\u200d👦",
    "rainbow flag": "🏳\ufe0f\u200d🌈",
    "woman health worker": "👩🏽\u200d⚕\ufe0f",
    "heart on fire": "❤\ufe0f\u200d🔥",
    "keycap": "1\ufe0f\u20e3",
    "text heart": "❤\ufe0e",
    "flag": "🇵🇹",
    "Persian": "می\u200cخواهم",
    "Hindi": "क्\u200dष",
    "Marathi": "र्\u200dय",
    "Bengali": "র\u200d্য",
    "Malayalam": "അവന്\u200d",
    "Sinhala": "ශ්\u200dරී",
    "Kannada": "ರ್\u200cಕ",
    "Mongolian": "ᠠ\u180bᠳ",
    "ideograph": "葛\U000e0100",
    "Hebrew": "שלום",
    "accents": "e\u0301 ñ ü",
}

texts = st.text(st.one_of(st.characters(), st.sampled_from(ODD)), max_size=60)


def unseen(text: str) -> list[str]:
    """Return what nobody can see in a text, other than joiners and selectors."""
    return [
        hex(ord(character))
        for character in text
        if character in UNSEEN + TAGS + BIDI
        or (unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in "\t\n")
        or (
            unicodedata.category(character) == "Cf"
            and character not in JOINERS + VISIBLE_FORMATS
            and not "\U00013430" <= character <= "\U0001343f"
        )
    ]


@given(texts)
def test_nothing_unseen_reaches_a_platform(text: str) -> None:
    """Whatever a text is made of, what Slack, Discord and a terminal are given of it can be seen."""
    outputs = (
        printable(text),
        escape(text),
        *escaped_pieces(text, 20),
        *build_answer_parts(text, quoted_question=text),
        build_label(text),
        build_name(text),
    )
    for output in outputs:
        assert unseen(output) == []


@given(texts)
def test_joiners_and_selectors_carry_nothing(text: str) -> None:
    """None stands alone, and no two of a kind in a row: they can be used for no hidden text."""
    shown = printable(text)
    marks = SELECTORS + JOINERS
    pairs = list(pairwise(shown))
    assert not shown or shown[0] not in marks
    assert not any(first in JOINERS and second in marks for first, second in pairs)
    assert not any(first in SELECTORS and second in SELECTORS for first, second in pairs)


@given(texts)
def test_printing_twice_changes_nothing(text: str) -> None:
    """What was made printable is printable."""
    assert printable(printable(text)) == printable(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters=UNSEEN)))
def test_what_can_be_seen_stays(text: str) -> None:
    """Letters, digits, signs and blanks of every script come through as they are."""
    assert printable(text) == text


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@given(before=st.sampled_from(["", "a ", "سلام ", "👍 "]), after=st.sampled_from(["", " b", "!", " 👍"]))
def test_what_is_written_with_joiners_stays(written: str, before: str, after: str) -> None:
    """Emoji that are made of several, and words of scripts that need joiners, are left whole."""
    text = before + written + after
    assert printable(text) == text
    assert escape(text) == text
    assert build_answer_parts(text) == [text]


def test_separators_become_line_breaks() -> None:
    """The separators of lines and paragraphs separate lines."""
    assert printable("a\u2028b\u2029c") == "a\nb\nc"


def test_words_that_were_pulled_apart_are_whole() -> None:
    """What was hidden between the letters of a word is gone, and the word reads as it looks."""
    assert printable("pass\u200bwo\u00adrd\u2060s\U000e0041\U000e007f") == "passwords"


def test_json_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON spells out what cannot be seen, so that a program gets it all and a terminal none of it."""
    text = "".join(character for character in ODD if character != "\ud800")
    print_json({"text": text})
    printed = capsys.readouterr().out
    assert unseen(printed) == []
    assert json.loads(printed)["text"] == text

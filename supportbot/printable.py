"""What people may be shown of a text: nothing that a terminal obeys, and nothing that is there but cannot be seen.

Characters that have no shape can hide words from a reader, reverse a line, or carry text past a check. They are
removed wherever a text leaves the program: to a platform, the page or a terminal. Stored text is not changed.

Some of them belong to what is written, and stay where they do: a joiner between emoji or in scripts that need it
(Persian, the Indic ones), and one variation selector after what it varies.

This module imports nothing of ours and knows no platform.
"""

from __future__ import annotations

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""C0 but tab and newline, delete, C1."""

_UNSEEN = (
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # hyphens, directions, blanks
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # Hangul fillers, and vowels of Khmer that nobody sees
    "\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff"  # what is no character, and annotation that is not shown
    # Of shorthand and of music, tags, and their kin.
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_LONE = "\ud800-\udfff"
"""Halves of a pair, which no platform takes."""

_JOINERS = "\u200c\u200d"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"

UNPRINTABLE = re.compile(f"[{_CONTROLS}{_UNSEEN}{_LONE}{_JOINERS}{_SELECTORS}\u2028\u2029]")
"""Whatever ``printable`` takes out or looks at twice, for output that must lose nothing and so spells it out."""

_GONE = re.compile(f"[{_CONTROLS}{_UNSEEN}{_LONE}]")
_BREAKS = re.compile("[\u2028\u2029]")
_LOOKED_AT = re.compile(f"[{_JOINERS}{_SELECTORS}]+")

# Blocks, not scripts, which the standard library does not know. Within the first plane: Arabic to Arabic
# Extended-A, Devanagari to Sinhala, Tibetan and Myanmar, Khmer and Mongolian, Balinese to Lepcha, Syloti Nagri to
# Meetei Mayek, and Arabic's forms. Beyond it: the scripts of the Near East, the Brahmic ones, and Adlam.
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1b00-\u1c4f\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)
# What emoji are made of, with the arrows, signs and hearts that sequences use.
_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_IDEOGRAPHIC = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_READ = 4
"""Times as many characters are looked at as are shown: many may be blanks."""

_SUPPLEMENT = "\U000e0100"
"""The first of the selectors that only ideographs have."""


def printable(text: str) -> str:
    """Return a text as people may be shown it, its lines and tabs included."""
    if text.isascii() and text.isprintable():
        return text  # as most are
    text = _GONE.sub("", _BREAKS.sub("\n", text))
    return _LOOKED_AT.sub(_kept, text)


def shortened(text: str, most: int = 60) -> str:
    """Return the beginning of a text in one line of so many characters at most, as people may be shown it."""
    line = " ".join(printable(text[: _READ * most]).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _kept(found: re.Match[str]) -> str:
    """Return what stays of a run of selectors and joiners: one selector and one joiner at most."""
    text, run = found.string, found[0]
    before = text[found.start() - 1 : found.start()]
    after = text[found.end() : found.end() + 1]
    selector = run[0] if _SELECTOR.match(run) and _takes(before, run[0]) else ""
    joiner = next((character for character in run if character in _JOINERS), "")
    return selector + (joiner if joiner and _joins(joiner, before, after) else "")


def _takes(before: str, selector: str) -> bool:
    if not before or before.isspace():
        return False
    return selector < _SUPPLEMENT or _IDEOGRAPHIC.match(before) is not None


def _joins(joiner: str, before: str, after: str) -> bool:
    if _JOINING.match(before):
        return True
    return joiner == "\u200d" and _EMOJI.match(before) is not None and _EMOJI.match(after) is not None

"""What of a passage is quoted: all of it, or the beginning of a long one, never cut in the middle of a sentence.

Whole paragraphs are kept while they fit, else whole lines of the first one, such as the items of a list, else
whole sentences. This module knows texts only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 1_500
"""Length that is read in a chat, and that Discord shows with the question and the source in one message. It is
counted in UTF-16 units, as platforms do."""

_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text, word for word; ``is_whole`` if that is all of it."""

    text: str
    is_whole: bool


def excerpt(text: str) -> Excerpt | None:
    """Return what of a text is quoted; None if not even its first sentence is short enough."""
    if _length(text) <= MOST:
        return Excerpt(text, is_whole=True)
    first = _PARAGRAPH.split(text, maxsplit=1)[0]
    for whole, boundary in ((text, _PARAGRAPH), (first, re.compile("\n")), (first.split("\n")[0], _SENTENCE)):
        ends = [found.start() for found in boundary.finditer(whole)]
        if (end := _last_fitting(whole, ends)) is not None:
            return Excerpt(text[:end].rstrip(), is_whole=False)
    return None


def _last_fitting(text: str, ends: Sequence[int]) -> int | None:
    """Return the last place to end at that leaves little enough and no code open."""
    for end in reversed([*ends, len(text)]):
        kept = text[:end].strip()
        if kept and _length(kept) <= MOST and kept.count(_FENCE) % 2 == 0:
            return end
    return None


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2

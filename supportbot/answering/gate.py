"""What is no question that anybody could answer: a key that was held down, a wall of repetitions, a novel.

A model trained on short questions is confidently wrong about such texts, and an encoder finds something near for
everything. They are recognised by their form alone.
"""

from __future__ import annotations

import re
import zlib

_LONGEST = 2_000
"""Characters: some 350 words. The model reads at most 120 tokens, the encoder 256."""

_LONGEST_WORD = 60

_LEAST_INFORMATION = 0.25
"""Compressed size by size, from ``_MEASURED`` bytes on; the 348 long wordings of the starter's FAQ have .72
and more."""

_MEASURED = 120
_LEAST_NEW_WORDS = 0.3
_FEW_WORDS = 12
_WORD = re.compile(r"\w+")
_HELD_KEY = re.compile(r"(.)\1{9,}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")


def is_degenerate(question: str) -> bool:
    """Return whether a text is too long or too repetitive to be a question.

    Args:
        question: normalised.
    """
    if len(question) > _LONGEST:
        return True
    text = _ADDRESS.sub(" ", question)  # the longest "words" of honest questions
    words = _WORD.findall(text.casefold())
    if not words and not _ADDRESS.search(question):
        return True
    if any(len(word) > _LONGEST_WORD for word in words) or _HELD_KEY.search(text):
        return True
    if len(words) >= _FEW_WORDS and len(set(words)) < _LEAST_NEW_WORDS * len(words):
        return True
    raw = text.encode("utf-8", "replace")
    return len(raw) >= _MEASURED and len(zlib.compress(raw, 9)) < _LEAST_INFORMATION * len(raw)

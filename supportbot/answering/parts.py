"""Two questions in one message: where a text may be cut so that each part could be asked alone."""

from __future__ import annotations

import re

_CUT = re.compile(
    r"[?!.;]+\s+|[?!.;]*\s*,?\s+(?:and\s+also|and|also|plus|und|et|y)\s+|,\s+(?=(?:how|what|when|where|which|who|can|do|does|is|are)\b)",
    re.IGNORECASE,
)

_LEAST_WORDS = 3
"""A part of fewer words, as in "shirts and shoes", is none."""

_MOST_PARTS = 3


def parts_of(question: str) -> tuple[str, ...]:
    """Return the parts of a normalised question, two or three, or nothing if it can't be cut."""
    parts = tuple(part.strip(" ,") for part in _CUT.split(question) if part and part.strip(" ,?!.;"))
    if not 2 <= len(parts) <= _MOST_PARTS or any(len(part.split()) < _LEAST_WORDS for part in parts):
        return ()
    return parts

"""How questions are compared to the letter."""

from __future__ import annotations

import re

_END = re.compile(r"[\s?!.,;:…]+$")


def folded(question: str) -> str:
    """Return a question for comparing to the letter: without case and without signs at its end.

    Args:
        question: normalised.
    """
    return _END.sub("", question).casefold()

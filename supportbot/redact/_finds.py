"""What the finders hand over, and what they share: the look at the words just before a find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_CUE_REACH = 40
"""Characters before a find in which a word can say what it is; longer ones would speak of something else."""


class Kind(StrEnum):
    """What was found, the most specific kind first; the value is the word in the placeholder."""

    SECRET = "secret"  # noqa: S105  # a kind, not a password
    IBAN = "iban"
    CARD = "card"
    EMAIL = "email"
    IP = "ip"
    USER = "user"
    PHONE = "phone"
    NAME = "name"


PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(Kind)})\]")


class Hinted:
    """A pattern that is tried only where a text has one of some words; most have none, and a look costs little.

    Args:
        pattern: matches nothing without one of the hints.
        hints: in small letters. Texts that are not plain ASCII are always tried: their small letters are many.
    """

    def __init__(self, pattern: re.Pattern[str], *hints: str) -> None:
        self._pattern = pattern
        self._hints = hints

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield what the pattern matches."""
        if text.isascii():
            lower = text.lower()
            if not any(hint in lower for hint in self._hints):
                return
        yield from self._pattern.finditer(text)


@dataclass(frozen=True, slots=True)
class Find:
    """A stretch ``text[start:end]`` that has to go."""

    start: int
    end: int
    kind: Kind


def cue(words: str, or_sign: str = r"\b\B") -> re.Pattern[str]:
    """Return a pattern for ``said_before``: one of the words, then nothing but little words and punctuation.

    A placeholder is not a cue: what follows ``[card]`` need not be another card.

    Args:
        words: alternatives of a regular expression.
        or_sign: a sign that says as much as the words; by default none.
    """
    little = r"(?:[\W_]*\b(?:number|no|nr|id|code|is|was|on|at|my|under|me|us|to|the|or|it|now|today)\b)"
    return re.compile(rf"(?:\b(?:{words})s?\b(?!\])|{or_sign}){little}{{0,4}}[\W_]*$", re.IGNORECASE)


def said_before(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Tell whether the words just before ``start`` are the cue."""
    return pattern.search(text[max(0, start - _CUE_REACH) : start]) is not None

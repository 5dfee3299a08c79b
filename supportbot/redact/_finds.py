"""What the finders hand over, and what they share: cues."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from supportbot.redact._view import HIDDEN, View

_CUE_REACH = 48
"""Characters beside a find in which a word can say what it is; longer ones would speak of something else."""


class Kind(StrEnum):
    """What was found, the most specific kind first; the value is the word in the placeholder."""

    SECRET = "secret"  # noqa: S105  # a kind, not a password
    IBAN = "iban"
    CARD = "card"
    ACCOUNT = "account"
    ID = "id"
    EMAIL = "email"
    IP = "ip"
    USER = "user"
    PHONE = "phone"
    BIRTHDAY = "birthday"
    ADDRESS = "address"
    NAME = "name"


PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(Kind)})\]")


@dataclass(frozen=True, slots=True)
class Find:
    """A stretch ``text[start:end]`` that has to go."""

    start: int
    end: int
    kind: Kind


_LITTLE = (
    "number|num|no|nr|n|id|code|is|was|on|at|my|under|me|us|to|the|or|it|now|today|new|address"
    "|nummer|ist|lautet|unter|mir|meine|mein|die|der|das|est|le|la|de|du|ma|mon|c'est|au"
    "|numero|es|el|mi|al|del"
    "|numer|jest|moj|moje|pod|e|o|a|do|da|meu|minha|para"
    "|s|of|for|are|our|his|her|please|back|plus|via|per|up|out|asap|always|anytime|am|im|in|vom|uns|mich"
    "|bitte|zuruck"
    "|unsere?|lauten|les|nos|svp|en|son|los|nuestro|tel|por|favor|prosze|mnie|nas|dnia|to|sa|em|no|os|nosso|dia|r"
)
"""Words between a cue and what it speaks of, in all languages of the table."""


def cue(words: str, or_sign: str = r"\b\B") -> re.Pattern[str]:
    """Return a pattern for ``said_before``: one of the words, then nothing but little words and punctuation.

    A placeholder is not a cue: what follows ``[card]`` need not be another card.

    Args:
        words: alternatives of a regular expression, folded.
        or_sign: a sign that says as much as the words; by default none.
    """
    between = rf"[^a-z0-9{HIDDEN}]"
    return re.compile(rf"(?:\b(?:{words})\b|{or_sign})(?:{between}*\b(?:{_LITTLE})\b){{0,4}}{between}*$")


def said_before(pattern: re.Pattern[str], view: View, start: int) -> bool:
    """Tell whether the words just before ``start`` are the cue."""
    return pattern.search(view.folded[max(0, start - _CUE_REACH) : start]) is not None


def said_after(pattern: re.Pattern[str], view: View, end: int) -> bool:
    """Tell whether what follows ``end`` begins with a pattern."""
    return pattern.match(view.folded, end, end + _CUE_REACH) is not None

"""Which languages the bot speaks, and which of them a platform or a browser names for a person."""

from __future__ import annotations

import re
from typing import Literal, get_args

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""In which the bot's own sentences may be, as in ISO 639-1."""

SOURCE: Language = "en"
"""In which they are written."""

_LONGEST = 1_000
"""Characters of a header that are read; browsers send less than a tenth of that."""

_RANGE = re.compile(
    r"\s*(?P<tag>[a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d{0,3})?)\s*)?",
    re.ASCII | re.IGNORECASE,
)
"""A language range with its weight: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4."""


def nearest(*locales: str | None) -> Language | None:
    """Return the language of the first of some locales, such as ``de-AT``, that the bot speaks; None if none."""
    for locale in locales:
        found = re.split(r"[-_]", locale or "", maxsplit=1)[0].lower()
        for language in LANGUAGES:
            if found == language:
                return language
    return None


def preferred(accept_language: str) -> list[str]:
    """Return the languages of an ``Accept-Language`` header, the best first; what can't be read is passed over."""
    weights: dict[str, float] = {}
    for part in accept_language[:_LONGEST].split(","):
        if found := _RANGE.fullmatch(part):
            weights.setdefault(found["tag"], float(found["q"] or 1))
    return sorted((tag for tag, weight in weights.items() if weight), key=lambda tag: -weights[tag])

"""What may be personal, for a curator's eyes: streets, towns and names that no word says are somebody's.

A net this wide would damage what is trained on, so nothing here is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._hinted import Hinted
from supportbot.redact._places import places
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import View

_CAPITAL = r"[^\W\d_a-zà-öø-ÿ][^\W\d_A-Z]{1,20}(?:['-][^\W\d_]{1,20})?"
_NAMES = re.compile(
    rf"(?<![\w@./#-]){_CAPITAL}(?: (?:van|von|de|der|da|di|el|al))?(?: {_CAPITAL}){{1,2}}(?![\w@/-])"
)
"""Two or three words with a capital side by side."""

_HANDLE = Hinted(re.compile(r"(?<![\w@./<])@[^\W\d_][\w.]{1,30}(?![\w@/(]|-\w)"), signs="@")
_SELF = re.compile(
    rf"\b(?:I'm|I am|it's|[Ii]ch bin|[Jj]e suis|[Ss]oy|[Jj]estem|[Ss]ou) (?P<name>{_CAPITAL})(?!\w)"
)
_LONG_NUMBER = re.compile(r"(?<![\w.,/#-])\d(?:[ .-]?\d){8,14}(?![\w-]|[.,]\d)")
"""A number as long as a phone number; most are orders."""


def find(view: View) -> Iterator[Find]:
    """Yield what a person should look at."""
    for start, end in [spot for spots in places(view) for spot in spots]:
        yield Find(start, end, Kind.ADDRESS)
    for match in _NAMES.finditer(view.text):
        words = match.group().casefold().split()
        if not NO_NAMES.intersection(words):
            yield Find(match.start(), match.end(), Kind.NAME)
    for match in _SELF.finditer(view.text):
        if match["name"].casefold() not in NO_NAMES:
            yield Find(match.start("name"), match.end("name"), Kind.NAME)
    for match in _HANDLE.finditer(view):
        yield Find(match.start(), match.end(), Kind.USER)
    for match in _LONG_NUMBER.finditer(view.text):
        yield Find(match.start(), match.end(), Kind.PHONE)

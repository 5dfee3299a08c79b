"""Patterns that are tried only where a text has one of some words: most have none, and a look costs little."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from supportbot.redact._view import START_LENGTH, View


class Hinted:
    """A pattern with its hints.

    Args:
        pattern: matches nothing without one of the hints.
        hints: words in small letters without accents, of which only the first letters count.
        signs: the same for what is no word, and may stand anywhere.
        folded: the pattern is written in small letters without accents, and is tried on such a copy.
    """

    def __init__(
        self, pattern: re.Pattern[str], *hints: str, signs: Iterable[str] = (), folded: bool = False
    ) -> None:
        self.pattern = pattern
        self.starts = frozenset(hint[:START_LENGTH] for hint in hints)
        self.signs = tuple(signs)
        self.folded = folded

    def may_match(self, view: View) -> bool:
        """Tell whether a text has a hint."""
        return not self.starts.isdisjoint(view.starts) or any(sign in view.folded for sign in self.signs)

    def finditer(self, view: View) -> Iterator[re.Match[str]]:
        """Yield what the pattern matches."""
        if self.may_match(view):
            yield from self.pattern.finditer(view.folded if self.folded else view.text)

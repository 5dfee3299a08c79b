"""Postal addresses: a street with a number, and a postcode with a town, by the shapes of six languages.

A shop's own streets have the same shape. So an address goes where a word says that somebody lives there, or
where street and town stand side by side, and stays where a word says that it is a shop's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._hinted import Hinted
from supportbot.redact._streets import LOOSE_STREET, POSTCODE, SHORT_TOWN, STREET, TOWN
from supportbot.redact._view import View
from supportbot.redact._words import hinted, said

_PLACE = re.compile(r"(?<![\w.,-])-?\d{1,2}\.\d{4,9},? -?\d{1,3}\.\d{4,9}(?![\w.])")
"""Coordinates, to ten metres and better."""

_LIVING = re.compile(rf"\b(?:{said('living')})\b[^\n?!,;]{{0,40}}$")
_LIVING_WORDS = Hinted(re.compile(rf"\b(?:{said('living')})\b"), *hinted("living"), folded=True)
_SHOP = re.compile(rf"\b(?:{said('shop')})\b[^\n?!]{{0,40}}$")
_REACH = 90
"""Characters before an address in which a word can say whose it is: a street may be in between."""

_TOWN_DIGITS = re.compile(r"\d{4}|\d\d-\d|[A-Z]\d")
"""What every postcode has."""
_DIGIT = re.compile(r"\d")
_NEAR = 60  # characters: a street and its town with a floor in between
_BETWEEN = re.compile(r"(?:[\s,;-]{1,4}|,? in )(?:[\w./ -]{1,14}(?:,\s|\n))?")


def find(view: View) -> Iterator[Find]:
    """Yield the addresses that are somebody's."""
    text = view.text
    if not _DIGIT.search(text):
        return
    streets, towns = places(view)
    if any(_LIVING_WORDS.finditer(view)):
        streets += [match.span() for match in LOOSE_STREET.finditer(view)]
    for match in _PLACE.finditer(text):
        yield Find(match.start(), match.end(), Kind.ADDRESS)
    for match in POSTCODE.finditer(view):
        yield Find(*match.span("code"), Kind.ADDRESS)
    of_street = {street: street[0] for street in streets}
    of_town = {town: town[0] for town in towns}
    whole: set[tuple[int, int]] = set()
    for street in streets:
        for town in [
            *towns,
            *(match.span() for match in SHORT_TOWN.finditer(text, street[1], street[1] + _NEAR)),
        ]:
            if _BETWEEN.fullmatch(text, street[1], town[0]):
                whole |= {street, town}
                of_town[town] = street[0]
    for (start, end), first in (of_street | of_town).items():
        before = view.folded[max(0, first - _REACH) : first]
        if ((start, end) in whole or _LIVING.search(before)) and not _SHOP.search(before):
            yield Find(start, end, Kind.ADDRESS)


def places(view: View) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return where streets with a number stand, and postcodes with a town, whoever's they are."""
    if not _DIGIT.search(view.text):
        return [], []
    towns = TOWN.finditer(view.text) if _TOWN_DIGITS.search(view.text) else ()
    return [match.span() for match in STREET.finditer(view)], [match.span() for match in towns]

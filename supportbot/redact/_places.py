"""Postal addresses: a street with a number, and a postcode with a town, by the shapes of six languages.

A shop's own streets have the same shape. So an address goes where a word says that somebody lives there, or
where street and town stand side by side, and stays where a word says that it is a shop's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._view import View
from supportbot.redact._words import said

_CAP = r"[^\W\d_a-zà-öø-ÿ][\w'-]{0,24}"
"""A word with a capital."""

_SMALL = r"(?:de la|de los|de las|de|du|des|del|la|le|les|da|das|do|dos|d'|l'|of|the|am|an der|in der|im)"
_NO = r"(?:,? ?(?:n[ro]?\.?[º°]?|no\.?|Nr\.?|[º°]) ?)?"
_HOUSE = r"\d{1,5}(?: (?:m|lok)\. ?\d{1,4}| ?[a-zA-Z])?(?:[/-]\d{1,4}[a-z]?)?(?![\w@]|[.,]\d)"

STREET = re.compile(
    r"(?<![\w.,/#-])(?:"
    # 12 Baker Street, 2210 N Juniper Ave
    rf"\d{{1,5}}[a-zA-Z]?(?: (?:North|South|East|West|[NSEW]\.?))?(?: {_CAP}){{1,4}} "
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Way|Close|Square|Sq|Boulevard|Blvd|Terrace"
    r"|Place|Pl"
    r"|Row|Crescent|Gardens|Hill|Grove|Mews|Parkway|Pkwy|Highway|Hwy|Walk|Green|Park)\b"
    # Lindenallee 8b, Lange Straße 4, Am Alten Markt 3
    r"|(?:[^\W\d_][\w-]{1,30})?(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|weg|platz|gasse|allee|ring|damm|ufer|markt|hof|steig"
    rf"|chaussee|graben) ?{_HOUSE}"
    rf"|(?:{_CAP} ){{1,3}}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Gasse|Allee|Ring|Damm|Ufer|Markt) {_HOUSE}"
    # 12 bis rue des Tilleuls
    r"|\d{1,4}(?: ?(?:bis|ter|quater))?,? (?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d|[Pp]lace|[Cc]hemin"
    r"|[Ii]mpasse"
    rf"|[Aa]llée|[Qq]uai|[Rr]oute|[Cc]ours)(?: {_SMALL})? ?{_CAP}(?: (?:{_SMALL} )?{_CAP}){{0,3}}"
    # Calle del Olmo 24, Rua das Oliveiras, 55
    r"|(?:[Cc]alle|[Cc]/|[Aa]venida|[Aa]vda?\.?|[Aa]v\.|[Pp]laza|[Pp]aseo|[Cc]amino|[Cc]arrer|[Rr]ua"
    r"|[Tt]ravessa|[Pp]raça"
    rf"|[Ll]argo|[Ee]strada|[Aa]lameda) ?(?:{_SMALL} )?{_CAP}(?: (?:{_SMALL} )?{_CAP}){{0,3}},?{_NO} ?{_HOUSE}"
    # ul. Lipowa 7/12
    rf"|(?:[Uu]l\.|[Uu]lic[ayę]|[Aa]l\.|[Aa]lej[aei]|[Oo]s\.|[Oo]siedl[eu]|[Pp]l\.) ?(?:{_CAP} ){{1,4}}{_HOUSE}"
    r")"
)

_TOWN = rf"{_CAP}(?:[ -](?:{_SMALL} )?{_CAP}){{0,2}}"
TOWN = re.compile(
    r"(?<![\w.,/#-])(?:"
    rf"(?:[A-Z]{{1,2}}-)?\d{{5}}(?:-\d{{3}})? {_TOWN}"  # Germany, France, Spain, Brazil
    rf"|\d\d-\d{{3}} {_TOWN}"  # Poland
    rf"|\d{{4}}-\d{{3}} {_TOWN}"  # Portugal
    rf"|\d{{4}} ?[A-Z]{{2}},? {_TOWN}"  # the Netherlands
    rf"|(?:{_TOWN},? )?[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b"  # UK
    rf"|{_TOWN},? [A-Z]{{2}} \d{{5}}(?:-\d{{4}})?"  # USA
    r")(?!\w)"
)
_SHORT_TOWN = re.compile(rf"(?<![\w.,/#-])[1-9]\d{{3}} {_TOWN}")
"""Austria, Switzerland, Belgium: like a year or a count, so only beside a street."""

_PLACE = re.compile(r"(?<![\w.,-])-?\d{1,2}\.\d{4,9},? -?\d{1,3}\.\d{4,9}(?![\w.])")
"""Coordinates, to ten metres and better."""

_LIVING = re.compile(rf"\b(?:{said('living')})\b[^\n?!,;]{{0,40}}$")
_SHOP = re.compile(rf"\b(?:{said('shop')})\b[^\n?!]{{0,40}}$")
_REACH = 90
"""Characters before an address in which a word can say whose it is: a street may stand in between."""

_DIGIT = re.compile(r"\d")
_NEAR = 60  # characters: a street and its town with a floor in between
_BETWEEN = re.compile(r"[\s,;-]{1,4}(?:[\w./ -]{1,14},\s)?")


def find(view: View) -> Iterator[Find]:
    """Yield the addresses that are somebody's."""
    text = view.text
    streets, towns = places(view)
    for match in _PLACE.finditer(text):
        yield Find(match.start(), match.end(), Kind.ADDRESS)
    of_street = {street: street[0] for street in streets}
    of_town = {town: town[0] for town in towns}
    whole: set[tuple[int, int]] = set()
    for street in streets:
        for town in [
            *towns,
            *(match.span() for match in _SHORT_TOWN.finditer(text, street[1], street[1] + _NEAR)),
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
    return [match.span() for match in STREET.finditer(view.text)], [
        match.span() for match in TOWN.finditer(view.text)
    ]

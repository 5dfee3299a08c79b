"""Phone numbers: the shape proposes, phonenumbers decides.

A shop's text is full of other numbers, so a row of digits is no phone number where a word says that it is an
order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind, cue, said_after, said_before
from supportbot.redact._view import View
from supportbot.redact._words import said

_REGIONS = ("US", "GB", "DE", "FR")
"""Countries whose numbers are known in their national form; with ``+`` those of every country are.

All but America's begin with a zero there, which spares most texts the search for them.

Each one more mistakes more order numbers for phone numbers (India's rule is any ten digits from 6 upwards).
"""

_LEADING_ZERO = re.compile(r"(?<![\w.,])0\d")

_POSSIBLE = re.compile(r"\d(?:[^\w\n]{0,3}\d){5}")
"""Six digits close together, without which the slower search for phone numbers is not worth it."""

_SHAPE = re.compile(
    r"(?<![\w.+-])(?:"
    r"\+[1-9](?:[ .()/-]{0,3}\d){7,14}"  # international, also where the country's own rules are broken
    r"|(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # 555-123-4567, the example that everybody types
    r"|\(\+[1-9]\d{0,3}\)(?:[ .()/-]{0,3}\d){6,13}"  # (+34) 612 345 678
    r"|\(\d{2,5}\) ?\d{3,5}[ -]\d{4}"  # (11) 91234-5678: only a phone number has its first digits in brackets
    r")(?![\w-]|\.\d)"
)
_DATE = r"\d{4}-\d\d-\d\d(?!\d)|\d\d?[./-]\d\d?[./-](?:19|20)\d\d(?!\d)|\d\d?[./]\d\d?[./]\d{2}(?![./ -]?\d)"
_BESIDE_CUE = re.compile(
    r"(?<![\w.+-])"
    rf"(?!{_DATE}|\d+\.\d\d(?![.\d]))"  # dates and prices
    r"(?=[^\n]{0,12}?\d{3})"  # times of the day have no three digits in a row
    r"\+?\(?\d(?:[ ().\/-]{0,3}\d){5,14}(?![\w-]|\.\d)"
)
_PAIRS = re.compile(
    rf"(?<![\w.+-])(?!{_DATE})(?:0(?:[ ()./-]{{0,3}}\d){{6,13}}|\d{{2,3}}(?: \d\d){{3,4}})(?![\w-]|[.,]\d)"
)
"""Groups of two digits, which have no three in a row (06 12 34 56 78, 91 23 45 67)."""

_IS_DATE = re.compile(_DATE)
_INSIDE_NUMBER = re.compile(r"\d[.,:]")
"""What stands before the decimals of a number or the minutes of a time, which are no phone number."""

_PHONE = cue(said("phone"))
_ORDER = cue(said("order"), or_sign="#")
_PHONE_AFTER = re.compile(
    r"\W{0,3}\b(?:is|are|ist|est|es|to|jest|e)\W{1,3}(?:my|meine?|mon|ma|mi|moj|moja|o meu|meu|o)\b"
    rf"(?:\W{{1,3}}\w{{1,12}})?\W{{1,3}}(?:{said('phone')}|number|nummer|numero|numer)\b"
    r"|\W{0,3}\b(?:prosze o (?:kontakt|telefon)|(?:please |just )?(?:call|ring|text|whatsapp) me"
    r"|bitte (?:anrufen|um ruckruf)|ruft mich|appelez|rappelez|llamame|llamadme|me liguem?|liguem?)\b"
)
"""What is said behind a number ("... is my new number")."""


_ROW = re.compile(r"(?<![\w.])\+?\(?\+?\d[\d ().\/-]{5,60}\d(?: ?(?:ext\.?|x|#) ?\d{1,6})?(?!\w)")
"""Digits that may be one number or several; the search for valid ones is slow, so it gets nothing else."""
_DIGITS = re.compile(r"\D")
_FEWEST_DIGITS = 7


def find(view: View) -> Iterator[Find]:
    """Yield the phone numbers of a text."""
    text = view.text
    if not _POSSIBLE.search(text):
        return
    found = list(_shaped(view))
    yield from found
    for row in _ROW.finditer(text):
        start, end = row.span()
        if len(_DIGITS.sub("", row.group())) >= _FEWEST_DIGITS and not any(
            find.start <= start and end <= find.end for find in found
        ):
            yield from _valid(view, start, end)


def _shaped(view: View) -> Iterator[Find]:
    text = view.text
    for match in _SHAPE.finditer(text):
        if match.group().startswith(("+", "(+")) or not said_before(_ORDER, view, match.start()):
            yield Find(match.start(), match.end(), Kind.PHONE)
    for pattern in (_BESIDE_CUE, _PAIRS):
        for match in pattern.finditer(text):
            if said_before(_PHONE, view, match.start()) or said_after(_PHONE_AFTER, view, match.end()):
                yield Find(match.start(), match.end(), Kind.PHONE)


def _valid(view: View, start: int, end: int) -> Iterator[Find]:
    """Yield the numbers within a row of digits that a country's plan of numbers knows."""
    from phonenumbers import Leniency, PhoneNumberMatcher  # loads the plans: not for `supportbot --help`

    text, row = view.text, view.text[start:end]
    for region in _REGIONS if _LEADING_ZERO.search(row) else _REGIONS[:1]:
        # American numbers have no leading zero, so only their grouping tells them from other rows of ten digits.
        leniency = Leniency.STRICT_GROUPING if region == "US" else Leniency.VALID
        for match in PhoneNumberMatcher(row, region, leniency=leniency, max_tries=len(row) + 1):
            first = start + match.start
            if _INSIDE_NUMBER.match(text, max(0, first - 2)) or _IS_DATE.match(text, first):
                continue
            if match.raw_string.startswith("+") or not said_before(_ORDER, view, first):
                yield Find(first, start + match.end, Kind.PHONE)

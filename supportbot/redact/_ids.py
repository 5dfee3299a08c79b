"""Numbers by which offices, insurers and shops know a person, and dates of birth.

Most have no shape of their own, so a word must say what they are. The few that do go unless a word says that
they are an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from supportbot.redact._finds import Find, Kind, cue, said_before
from supportbot.redact._view import View
from supportbot.redact._words import said

_DIGITS = re.compile(r"\d\w?\d")
"""Without two digits close together there is none."""

_NUMBER = re.compile(
    r"(?<![\w.,])(?=[A-Za-z]*\d)[A-Za-z0-9]{1,24}(?:[ ./-](?=[A-Za-z]{0,2}\d|[A-Z][ ./-]\d)[A-Za-z0-9]{1,16}){0,8}"
    r"(?:[ -][A-Z]{1,3}(?!\w))?(?![\w@]|[.,]\d)"
)
_LETTERS_FIRST = re.compile(r"(?<![\w.,-])(?:[A-Z]{1,3}[ .-]){1,2}$")
"""Letters that are set apart in front of a number: AB 12, B-XK 4471; or the word that says what it is: NIF 12."""
_LONGEST_LETTERS = 8
_FEWEST_DIGITS, _FEWEST_CHARACTERS = 2, 5  # of a number plate; what is shorter is rather a count or a size
_AMOUNT = re.compile(r"\d{1,3}(?:[ .,]\d{3})*[.,]\d\d|(?:19|20)\d\d")
"""A price or a year, which are nobody's number."""

_MONTH = r"[^\W\d_]{3,10}\.?"
_DATE = re.compile(
    r"(?<![\w.,/-])(?:\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)"
    rf"|\d\d?(?:st|nd|rd|th|\.|er)?[ -]?(?:of |de |d')?{_MONTH}(?: de)?,?[ -]?'?(?:\d{{4}}|\d\d)"
    rf"|{_MONTH} \d\d?(?:st|nd|rd"
    rf"|th)?,? \d{{4}})"
    r"(?!\w|[./-]\d)"
)

_SHAPES = re.compile(
    r"(?<![\w.,/-])(?:"
    r"\d{3}\.\d{3}\.\d{3}-\d\d"  # CPF, Brazil
    r"|(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}"  # social security, USA
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]"  # national insurance, UK
    r"|[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]"  # codice fiscale, Italy
    r"|756\.\d{4}\.\d{4}\.\d\d"  # AHV, Switzerland
    r"|[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d"  # CURP, Mexico
    r"|[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]"  # PAN, India
    r"|[A-Z]{4}\d{6}[A-Z\d]{3}"  # RFC, Mexico
    r"|[12] \d\d (?:0[1-9]|1[0-2]) \d[\dAB] \d{3} \d{3}(?: \d\d)?"  # NIR, France
    r")(?![\w-]|[.,]\d)"
)
_DNI = re.compile(r"(?<![\w.,/-])(?:\d{8}|[XYZ]\d{7})-?[A-Z](?![\w-])")

_ID = cue(said("id"))
_ORDER = cue(said("order") + "|code|sku", or_sign="#")
_YEAR = re.compile(r"(?<![\w.,/-])(?:(?:19|20)\d\d(?:[01]\d[0-3]\d)?|[0-3]\d[01]\d(?:19|20)\d\d)(?![\w-]|[.,/]\d)")
"""A year alone, or a date without signs."""
_BORN = cue(said("born") + "|born (?:in|on)|geboren am|nee? le|naci(?:do|da)? el|urodzon[ay] dnia|nascid[oa] em")


def find(view: View) -> Iterator[Find]:
    """Yield the numbers of papers and customers, and the dates of birth of a text."""
    text = view.text
    if not _DIGITS.search(text):
        return
    for match in _NUMBER.finditer(text):
        if not _may_be_id(match.group()):
            continue
        letters = _LETTERS_FIRST.search(text[max(0, match.start() - _LONGEST_LETTERS) : match.start()])
        starts = [match.start() - len(letters.group())] if letters else []
        for start in [*starts, match.start()]:
            if said_before(_ID, view, start):
                yield Find(start, match.end(), Kind.ID)
                break
    for match in _SHAPES.finditer(text):
        if not said_before(_ORDER, view, match.start()):
            yield Find(match.start(), match.end(), Kind.ID)
    for match in _DNI.finditer(text):
        if _is_dni(match.group()) and not said_before(_ORDER, view, match.start()):
            yield Find(match.start(), match.end(), Kind.ID)
    for match in chain(_DATE.finditer(text), _YEAR.finditer(text)):
        if said_before(_BORN, view, match.start()):
            yield Find(match.start(), match.end(), Kind.BIRTHDAY)


def _may_be_id(shown: str) -> bool:
    characters = [character for character in shown if character.isalnum()]
    return (
        len(characters) >= (_FEWEST_CHARACTERS if not shown.isdigit() else _FEWEST_CHARACTERS - 1)
        and sum(map(str.isdigit, characters)) >= _FEWEST_DIGITS
        and not _AMOUNT.fullmatch(shown)
        and not _DATE.fullmatch(shown)
    )


def _is_dni(shown: str) -> bool:
    """Tell whether the letter of a Spanish identity number is right."""
    from stdnum.es import dni, nie

    return dni.is_valid(shown) or nie.is_valid(shown)

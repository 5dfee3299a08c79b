"""Card and bank account numbers: the shape proposes, python-stdnum decides.

A card number needs the prefix of an issuer besides its check digit, and is left where a word says that it is an
order. Where a word says what the number is ("my IBAN is"), a mistyped one goes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind, cue, said_before
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import View
from supportbot.redact._words import said

_GAP = r"[ .-]"
"""One separator inside a number; never a line break, which ends it."""

_POSSIBLE = re.compile(r"\d(?:[^\w\n]{0,3}\d){5}")
"""Six digits close together: what is shorter is no account."""

_DIGITS = re.compile(rf"(?<!\w)[0-9]+(?:{_GAP}[0-9]+)*(?!\w)")
_GROUP = re.compile(r"[0-9]+")

_CARD = cue(said("card"))
_ORDER = cue(said("order"), or_sign="#")
_CARD_DIGITS = range(13, 20)
_CARD_GROUP = 3
_MOST_GROUPS = _CARD_DIGITS.stop // _CARD_GROUP
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|35\d\d)\d{12}"  # Discover, UnionPay, JCB
    r"|(?:5018|5020|5038|58\d\d|6304|67\d\d)\d{12}"  # Maestro, in its usual length
)

_IBAN = re.compile(rf"(?<![A-Za-z0-9])(?=([A-Za-z]{{2}} ?[0-9]{{2}}(?:{_GAP}?[A-Za-z0-9]){{11,30}}))")
_IBAN_BEGINS = re.compile(r"[A-Za-z] ?[0-9]{2}")
_IBAN_SHORTEST = 15  # Norway's
_IBAN_GROUPS = re.compile(rf"[A-Z]{{2}}\d\d{_GAP}?(?:\d{{4}}{_GAP}?){{2,6}}\d{{1,4}}(?!\w)", re.IGNORECASE)

_BANK = cue(said("bank"))
_BANK_NUMBER = re.compile(rf"(?<![\w.,-])\d(?:{_GAP}?\d){{4,27}}(?![\w]|[.,]\d)")

_BANK_CODE = Hinted(
    re.compile(
        r"\b(?:(?:BIC|SWIFT|IFSC|bic|swift|ifsc)(?:[ /-]?(?i:bic|swift|code|is|ist|est|es|to|nr)){0,3}\W{0,3}"
        r"(?P<value>[A-Z]{6}[A-Z\d]{2}(?:[A-Z\d]{3})?|[A-Z]{4}0[A-Z\d]{6})(?!\w))"
    ),
    "bic",
    "swift",
    "ifsc",
)

_WALLET = Hinted(
    re.compile(
        r"(?<!\w)(?:0x[0-9a-f]{40}|bc1[02-9ac-hj-np-z]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{25,34})(?!\w)", re.I
    ),
    signs=("0x", "bc1", "1", "3"),
)


def find(view: View) -> Iterator[Find]:
    """Yield the card and bank account numbers of a text."""
    for match in _BANK_CODE.finditer(view):
        yield Find(*match.span("value"), Kind.ACCOUNT)
    if not _POSSIBLE.search(view.text) and "0x" not in view.folded and "bc1" not in view.folded:
        yield from _ibans(view)
        return
    yield from _cards(view)
    yield from _ibans(view)
    for match in _BANK_NUMBER.finditer(view.text):
        if said_before(_BANK, view, match.start()):
            yield Find(match.start(), match.end(), Kind.ACCOUNT)
    for match in _WALLET.finditer(view):
        if _is_wallet(match.group()):
            yield Find(match.start(), match.end(), Kind.ACCOUNT)


def _cards(view: View) -> Iterator[Find]:
    for row in _DIGITS.finditer(view.text):
        groups = [match.span() for match in _GROUP.finditer(view.text, *row.span())]
        for first, (start, _) in enumerate(groups):
            for end in _card_ends(view, groups[first : first + _MOST_GROUPS]):
                yield Find(start, end, Kind.CARD)


def _card_ends(view: View, groups: list[tuple[int, int]]) -> Iterator[int]:
    """Yield where a card number that begins with the first group may end; its groups have three digits or more."""
    digits = ""
    for start, end in groups:
        digits += view.text[start:end]
        if end - start < _CARD_GROUP or len(digits) >= _CARD_DIGITS.stop:
            return
        if len(digits) in _CARD_DIGITS and _is_card(digits, view, groups[0][0]):
            yield end


def _is_card(digits: str, view: View, start: int) -> bool:
    from stdnum import luhn

    if said_before(_CARD, view, start):
        return True
    valid = _ISSUER.fullmatch(digits) is not None and luhn.is_valid(digits)
    return valid and not said_before(_ORDER, view, start)


def _ibans(view: View) -> Iterator[Find]:
    if not _IBAN_BEGINS.search(view.text):
        return
    for match in _IBAN.finditer(view.text):
        start, longest = match.start(), match.group(1)
        if (end := _iban_end(longest)) is not None:
            yield Find(start, start + end, Kind.IBAN)
        elif said_before(_BANK, view, start) and (groups := _IBAN_GROUPS.match(view.text, start)):
            yield Find(start, groups.end(), Kind.IBAN)


def _iban_end(longest: str) -> int | None:
    """Return the end of the account number that the text begins with, which words may follow."""
    from stdnum import iban

    for end in range(len(longest), _IBAN_SHORTEST - 1, -1):
        whole = end == len(longest) or not longest[end].isalnum()
        # The check digits suffice: national rules would let a mistyped account through.
        if whole and longest[end - 1].isalnum() and iban.is_valid(longest[:end], check_country=False):
            return end
    return None


def _is_wallet(shown: str) -> bool:
    """Tell whether it is an address of Bitcoin, by its check sum, or of Ethereum, by its length."""
    from stdnum import bitcoin

    return shown.lower().startswith("0x") or bitcoin.is_valid(shown)

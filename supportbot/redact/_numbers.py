"""Phone, card and bank account numbers: the shape proposes, phonenumbers and python-stdnum decide.

A shop's text is full of other numbers, so a row of digits is no phone number where a word says that it is an
order, and a card number needs the prefix of an issuer besides its check digit. Where a word says what the number
is ("my IBAN is"), a mistyped one goes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind, cue, said_before

_REGIONS = ("US", "GB", "DE", "FR")
"""Countries whose numbers are known in their national form; with ``+`` those of every country are.

All but America's begin with a zero there, which spares most texts the search for them.

Each one more mistakes more order numbers for phone numbers (India's rule is any ten digits from 6 upwards).
"""

_GAP = r"[ \u00a0\u202f.-]"
"""One separator inside a number; never a line break, which ends it."""

_DIGITS = re.compile(rf"(?<!\w)[0-9]+(?:{_GAP}[0-9]+)*(?!\w)")

_GROUP = re.compile(r"[0-9]+")

_LEADING_ZERO = re.compile(r"(?<![\w.,])0\d")

_PHONE_POSSIBLE = re.compile(r"\d(?:[^\w\n]{0,3}\d){5}")
"""Six digits close together, without which the slower search for phone numbers is not worth it."""

_PHONE_SHAPE = re.compile(
    r"(?<![\w.+-])(?:"
    r"\+[1-9](?:[ .()/-]{0,3}\d){7,14}"  # international, also where the country's own rules are broken
    r"|(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # 555-123-4567, the example that everybody types
    r")(?![\w-]|\.\d)"
)
_AFTER_CUE = re.compile(
    r"(?<![\w.+-])"
    r"(?!\d{4}-\d\d-\d\d(?!\d)|\d\d?[./]\d\d?[./]\d{2,4}(?!\d)|\d+\.\d\d(?![.\d]))"  # dates and prices
    r"(?=[^\n]{0,12}?\d{3})"  # times of the day have no three digits in a row
    r"\+?\(?\d(?:[ ().\/-]{0,2}\d){5,14}(?![\w-]|\.\d)"
)

_INSIDE_NUMBER = re.compile(r"\d[.,:]")
"""What stands before the decimals of a number or the minutes of a time, which are no phone number."""

_PHONE_CUE = cue(r"phone|telephone|telefon|tel|mobile|cell|cellphone|call|whatsapp|fax|landline|hotline")
_ORDER_CUE = cue(
    r"order|invoice|ticket|case|tracking|parcel|shipment|article|item|product|sku|ean|isbn|serial|model|reference|ref"
    r"|booking|customer|account|request|return|rma|bestellung",
    or_sign="#",
)

_CARD_CUE = cue(r"card|visa|mastercard|amex|maestro|discover")
_CARD_DIGITS = range(13, 20)
_CARD_GROUP = 3
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|35\d\d)\d{12}"  # Discover, UnionPay, JCB
    r"|(?:5018|5020|5038|58\d\d|6304|67\d\d)\d{12}"  # Maestro, in its usual length
)

_IBAN = re.compile(rf"(?<![A-Za-z0-9])(?=([A-Za-z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Za-z0-9]){{11,30}}))")
_IBAN_SHORTEST = 15  # Norway's
_IBAN_CUE = cue(r"iban|bank account")
_IBAN_GROUPS = re.compile(rf"[A-Z]{{2}}\d\d{_GAP}?(?:\d{{4}}{_GAP}?){{2,6}}\d{{1,4}}(?!\w)", re.IGNORECASE)


def find(text: str) -> Iterator[Find]:
    """Yield the phone, card and bank account numbers of a text."""
    if _PHONE_POSSIBLE.search(text):
        yield from _phones(text)
        yield from _cards(text)
    yield from _ibans(text)


def _phones(text: str) -> Iterator[Find]:
    for match in _PHONE_SHAPE.finditer(text):
        if match.group().startswith("+") or not said_before(_ORDER_CUE, text, match.start()):
            yield Find(match.start(), match.end(), Kind.PHONE)
    for match in _AFTER_CUE.finditer(text):
        if said_before(_PHONE_CUE, text, match.start()):
            yield Find(match.start(), match.end(), Kind.PHONE)
    for region in _REGIONS if _LEADING_ZERO.search(text) else _REGIONS[:1]:
        yield from _valid_phones(text, region)


def _valid_phones(text: str, region: str) -> Iterator[Find]:
    """Yield the numbers that a country's plan of numbers knows."""
    from phonenumbers import Leniency, PhoneNumberMatcher  # loads the plans: not for `supportbot --help`

    # American numbers have no leading zero, so only their grouping tells them from other rows of ten digits.
    leniency = Leniency.STRICT_GROUPING if region == "US" else Leniency.VALID
    for match in PhoneNumberMatcher(text, region, leniency=leniency, max_tries=len(text) + 1):
        if _INSIDE_NUMBER.match(text, max(0, match.start - 2)):
            continue
        if match.raw_string.startswith("+") or not said_before(_ORDER_CUE, text, match.start):
            yield Find(match.start, match.end, Kind.PHONE)


def _cards(text: str) -> Iterator[Find]:
    for row in _DIGITS.finditer(text):
        groups = [match.span() for match in _GROUP.finditer(text, *row.span())]
        for first, (start, _) in enumerate(groups):
            for end in _card_ends(text, groups[first:]):
                yield Find(start, end, Kind.CARD)


def _card_ends(text: str, groups: list[tuple[int, int]]) -> Iterator[int]:
    """Yield where a card number that begins with the first group may end; its groups have three digits or more."""
    digits = ""
    for start, end in groups[: _CARD_DIGITS.stop // _CARD_GROUP]:
        digits += text[start:end]
        if end - start < _CARD_GROUP or len(digits) >= _CARD_DIGITS.stop:
            return
        if len(digits) in _CARD_DIGITS and _is_card(digits, said_before(_CARD_CUE, text, groups[0][0])):
            yield end


def _is_card(digits: str, said: bool) -> bool:
    from stdnum import luhn

    return said or (_ISSUER.fullmatch(digits) is not None and luhn.is_valid(digits))


def _ibans(text: str) -> Iterator[Find]:
    for match in _IBAN.finditer(text):
        start, longest = match.start(), match.group(1)
        if (end := _iban_end(longest)) is not None:
            yield Find(start, start + end, Kind.IBAN)
        elif said_before(_IBAN_CUE, text, start) and (groups := _IBAN_GROUPS.match(text, start)):
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

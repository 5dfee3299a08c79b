"""Codes of a few digits, and the answers to security questions, where words say that they are some."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._grammar import BEING, OF, said_of_passwords
from supportbot.redact._hinted import Hinted
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import View
from supportbot.redact._words import folded, hinted, listed, said

_FOR = rf"(?:\s{{1,3}}(?:{OF})(?:\s{{1,3}}\w{{1,30}}){{1,4}}?)?"
_IS = rf"(?:[:=]|-(?= )|\b(?:{BEING}|says|reads)\b(?: le| la| el| o| a)?:?)"
_DIGITS = r"[a-z]-\d{4,8}|\d{3,4}[ -]\d{3,4}|\d{2}(?: \d\d){2,3}|\d{3,8}"

_NAMED = Hinted(
    re.compile(
        rf"\b(?:{said('code')})(?:[ -]code|[ -]number|[ -]nummer)?{_FOR}\s{{0,3}}{_IS}?\s{{0,3}}"
        rf"(?P<value>{_DIGITS})(?!\w|[.,-]\d)"
    ),
    *hinted("code"),
    folded=True,
)
_MIXED = Hinted(
    re.compile(
        rf"\b(?:{said('code')}){_FOR}\s{{0,3}}{_IS}\s{{0,3}}"
        r"(?P<value>(?=[a-z-]{0,12}\d)(?=[\d-]{0,12}[a-z])[a-z\d]{2,8}(?:-[a-z\d]{2,8}){0,5})(?![\w-]|[.,]\d)"
    ),
    *hinted("code"),
    folded=True,
)
_FEWEST_MIXED = 4
_CODE = re.compile(r"[ck]od|-")
"""Not every pin with a measure is a code."""

_SENT = Hinted(
    re.compile(
        rf"\b(?:code|codigo|kod|pin|tan)\b(?:[ :,\"'-]{{1,2}}[a-z\']{{1,12}}){{0,7}}?"
        rf"[ :=\"'-]{{1,3}}(?P<value>{_DIGITS})(?!\w|[.,-]\d)"
    ),
    *listed("code codigo kod pin tan"),
    folded=True,
)
"""A code that nothing names, but that was sent to a phone or is asked for at the door."""
_SENDING = re.compile(
    r"\b(?:sms\w{0,2}|text message|texted|by text|text|2fa|mfa|two[ -]factor|authenticat\w+|verif\w+"
    r"|one[ -]time|otp"
    r"|log(?:ging)? ?in|sign(?:ing)? ?in|einmal\w*|bestatig\w+|anmeld\w+|handy|connexion|identification|whatsapp"
    r"|iniciar sesion|inicio de sesion|logowani\w+|zalogowa\w+|acessar|iniciar sessao|entrar|unlock)\b"
)
_OTHER = re.compile(
    r"\b(?:discount|promo\w*|voucher|gift|coupon|gutschein\w*|rabatt\w*|error|erro|fehler\w*|product|item"
    r"|area|country"
    r"|tracking|order|zip|postal?|bar|qr|sku|article|descuento|promocional|reduction|erreur|rabatow\w*"
    r"|bledu|desconto"
    r"|cupom|cupao|bestell\w*|rechnungs?\w*|commande|pedido|zamowieni\w*|encomenda|status|model|part|reference"
    r"|invoice|sendungs?\w*|paket\w*|kunden\w*|customer|phone|telephone|telefon\w*|mobile|handy|serial|serien\w*"
    r"|case|ticket|fax|house|flat|size|http)\b"
)
_REACH = 70  # characters beside the code in which a word says that it was sent

_ON_CARD = Hinted(
    re.compile(
        r"\b(?:digits?|codes?|numbers?|ziffern|zahlen|chiffres|code|digitos|numeros|codigo|cyfry|kod)"
        r" (?:on|at|auf|au|en|del?|do|na|no|z)(?: the| der| dem)? ?(?:back|ruckseite|reverso|dorso|dos"
        r"|verso|tyle|odwrocie"
        r"|tylu|atras|tras)\b"
        r"(?: [a-z]{2,10}){0,4}?(?: is| are| sind| lauten| sont| est| son| es| to| sao"
        r"| e)?:? ?(?P<value>\d{3,4})(?!\w|[.,-]\d)"
        r"|(?<![\w.,-])(?P<first>\d{3,4}) (?:is|are|as|ist|sind|als|est|sont|comme|es|son|como|to|jako|e"
        r"|sao) (?:the|my|der|die"
        r"|le|les|el|los|o)"
        r"? ?(?:security |3 |three )?(?:code|digits|number|numbers|cvv|cvc|csc|pin|otp|tan|prufziffer|puk)\b"
    ),
    *listed(
        "back ruckseite reverso dorso dos verso tyle odwrocie tylu atras tras"
        " code digits number cvv cvc csc pin otp tan prufziffer puk"
    ),
    folded=True,
)

_ANSWER = Hinted(
    re.compile(
        rf"\b(?:{said('answer')})(?: (?:of|for|to|de|del|da|do|der|des|von|my|mi|ma|mojej|minha|meiner"
        rf"|mother|mutter"
        r"|madre|mere|matki|mamy|mae|la|the|auf|die|pet|matka|mum)){0,4}(?:'s)?\??"
        rf"(?P<by>\s{{0,3}}(?:[:=]|-(?= ))\s{{0,3}}|\s(?:{BEING})\s(?:[:]\s)?|\s{{1,2}})"
        r"(?P<value>[^\s.,;:!?\[\]\"'()][^\n.,;:!?\[\]\"'()]{0,40})"
    ),
    *hinted("answer"),
    folded=True,
)
_MOST_WORDS = 4  # of an answer; what follows is the next thing


def find(view: View) -> Iterator[Find]:
    """Yield the codes and answers of a text."""
    for match in _NAMED.finditer(view):
        yield Find(*match.span("value"), Kind.SECRET)
    for match in _MIXED.finditer(view):
        if len(match["value"]) >= _FEWEST_MIXED and _CODE.search(match.group()):
            yield Find(*match.span("value"), Kind.SECRET)
    for match in _SENT.finditer(view):
        beside = view.folded[max(0, match.start() - _REACH) : match.end() + _REACH]
        before = view.folded[max(0, match.start() - 24) : match.start("value")]
        if _SENDING.search(beside) and not _OTHER.search(before):
            yield Find(*match.span("value"), Kind.SECRET)
    for match in _ON_CARD.finditer(view):
        yield Find(*match.span("value" if match["value"] else "first"), Kind.SECRET)
    for match in _ANSWER.finditer(view):
        yield from _answer(view, match)


def _answer(view: View, match: re.Match[str]) -> Iterator[Find]:
    """Yield the answer: the text after a colon or "is", or a word with a capital."""
    start = match.start("value")
    words = view.text[start : match.end("value")].split(" ")[:_MOST_WORDS]
    first = folded(words[0])
    said_so = match["by"].strip()
    if first in NO_NAMES or said_of_passwords(first) or not (said_so or words[0][0].isupper()):
        return
    end = next((place for place, word in enumerate(words) if folded(word) in NO_NAMES), len(words))
    yield Find(start, start + len(" ".join(words[:end] if said_so else words[:1]).rstrip()), Kind.SECRET)

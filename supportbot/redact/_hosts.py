"""Addresses of devices: what the standard library parses as an IP address, and MAC addresses by their shape."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import View

_DIGITS = re.compile(r"[0-9a-fA-F](?:[.:-][0-9a-fA-F]|[0-9a-fA-F]{0,3}:[:0-9a-fA-F])")
"""What all of them have, and most texts have not."""

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)", re.ASCII)

_IPV6 = Hinted(
    re.compile(r"(?<![\w:.])(?=[\w.]{0,4}:[\w.]{0,4}:)[0-9A-Fa-f:.]{2,45}(?:%\w{1,15})?(?![\w:])", re.ASCII),
    signs=":",
)

_MAC = re.compile(
    r"(?<![\w:-])[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})(?![\w:-])"
    r"|(?<![\w.:-])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w:.-])",
    re.I | re.ASCII,
)

_VERSION = re.compile(
    r"\b(?:version|firmware|build|release|update|v|article|item|part|model|section"
    r"|chapter|wersja|versao|versione"
    r"|artikel|kapitel|abschnitt|articulo|artigo|modell|modele|modelo)[\s:.]{0,3}$"
)
"""What stands before four numbers with dots that are the version of a program or an article."""


def find(view: View) -> Iterator[Find]:
    """Yield the IP and MAC addresses of a text."""
    text = view.text
    if not _DIGITS.search(text):
        return
    for match in _IPV4.finditer(text):
        before = view.folded[max(0, match.start() - 16) : match.start()]
        if _is_ip(match.group()) and not _VERSION.search(before):
            yield Find(match.start(), match.end(), Kind.IP)
    for match in _IPV6.finditer(view):
        shown = match.group().rstrip(".") if "%" not in match.group() else match.group()
        # Without a digit it is rather C++ (`a::b`) or an arrow of colons than somebody's address.
        if any(character.isdigit() for character in shown) and _is_ip(shown):
            yield Find(match.start(), match.start() + len(shown), Kind.IP)
    for match in _MAC.finditer(text):
        # Six pairs of digits alone are rather a date with a time, or numbers in a row.
        if any(character.isalpha() for character in match.group()) or ":" in match.group():
            yield Find(match.start(), match.end(), Kind.ID)


def _is_ip(shown: str) -> bool:
    try:
        ipaddress.ip_address(shown)
    except ValueError:
        return False
    return True

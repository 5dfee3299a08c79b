"""E-mail and IP addresses: found by shape, and an IP address is what the standard library parses as one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Hinted, Kind

# Every repetition is bounded, as the standards bound them, so that the time grows with the length only.
_EMAIL = Hinted(re.compile(r"[\w.!#$%&'*+/=?^{}~-]{0,63}[\w+-]@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}"), "@")

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)", re.ASCII)

_IPV6 = Hinted(
    re.compile(r"(?<![\w:.])(?=[\w.]{0,4}:[\w.]{0,4}:)[0-9A-Fa-f:.]{2,45}(?:%\w{1,15})?(?![\w:])", re.ASCII), ":"
)

_VERSION = re.compile(
    r"\b(?:version|firmware|build|release|update|v|article|item|part|model|section|chapter)[\s:.]{0,3}$",
    re.IGNORECASE,
)
"""What stands before four numbers with dots that are the version of a program or an article."""


def find(text: str) -> Iterator[Find]:
    """Yield the e-mail and IP addresses of a text."""
    for match in _EMAIL.finditer(text):
        yield Find(match.start(), match.end(), Kind.EMAIL)
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - 16) : match.start()]
        if _is_ip(match.group()) and not _VERSION.search(before):
            yield Find(match.start(), match.end(), Kind.IP)
    for match in _IPV6.finditer(text):
        shown = match.group().rstrip(".") if "%" not in match.group() else match.group()
        # Without a digit it is rather C++ (`a::b`) or an arrow of colons than somebody's address.
        if any(character.isdigit() for character in shown) and _is_ip(shown):
            yield Find(match.start(), match.start() + len(shown), Kind.IP)


def _is_ip(shown: str) -> bool:
    try:
        ipaddress.ip_address(shown)
    except ValueError:
        return False
    return True

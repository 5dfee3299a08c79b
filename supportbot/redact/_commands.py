"""Secrets in commands, settings, markup and web addresses that people paste."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._grammar import said_of_passwords
from supportbot.redact._hinted import Hinted
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import HIDDEN, View
from supportbot.redact._words import listed

_CREDENTIALS = Hinted(
    re.compile(rf"(?<=://)[^\s/:@{HIDDEN}]{{0,64}}:[^\s/@{HIDDEN}]{{1,128}}@[\w.-]{{1,253}}"), signs=("://",)
)
"""Name and password in an address, with the host, which would look like the end of an e-mail address."""

_NAMES = (
    r"(?:password|passwd|passwort|kennwort|passphrase|pwd|pass|pw|secret|token|api_?key|access_?key"
    r"|private_?key|auth"
    r"|credentials?|senha|haslo|contrasena|mdp)"
)
"""What settings and options with a secret are called."""
_OPTION = Hinted(
    re.compile(
        r"(?<![\w-])(?:-u|--user|--proxy-user)[ =]?[\"']?"
        rf"(?P<login>[^\s\"':]{{1,64}}:[^\s\"'{HIDDEN}]{{1,128}})"
        rf"|(?<![\w-])--?[\w-]{{0,20}}{_NAMES}(?:-?file)?[ =][\"']?"
        rf"(?P<option>[^\s\"'{HIDDEN}-][^\s\"'{HIDDEN}]{{2,200}})"
        rf"|(?:mysql\w*|mariadb|sshpass|7z|zip|unzip|redis-cli)\b[^\n|;]{{0,80}}? -[pPa]"
        rf"(?P<short>[^\s{HIDDEN}]{{3,64}})"
    ),
    signs="-",
)
"""``curl -u name:password``, ``--password ...``, ``mysql -p...``"""

_SETTING = Hinted(
    re.compile(
        rf"(?<![\w/?&-])[a-z0-9_.-]{{0,40}}{_NAMES}(?:s|\d|_[a-z0-9_]{{1,12}})?[\"']?"
        r"(?:\s?(?:=|:(?=\s?[\"']))\s?(?:\"(?P<double>[^\"\n]{1,200})\"|'(?P<single>[^'\n]{1,200})')"
        # With a blank or a bracket it is a program.
        rf"|=(?P<bare>[^\s\"'&,<>(){{}}\[\]{HIDDEN}]{{3,200}})(?![(\[]))"
    ),
    signs="=:",
    folded=True,
)
"""``PGPASSWORD=...``, ``"token": "..."``"""

_ELEMENT = Hinted(
    re.compile(
        rf"<(?:\w{{1,20}}:)?(?P<tag>[\w.-]{{0,20}}{_NAMES}[\w.-]{{0,10}})(?: [^<>\n]{{1,80}})?>\s{{0,2}}"
        rf"(?P<value>[^<\s{HIDDEN}]{{1,200}})\s{{0,2}}</"
    ),
    signs=("</",),
    folded=True,
)

_HOOK = Hinted(
    re.compile(
        r"https?://(?:[\w.-]{0,40}\bhooks?\.[\w.-]{2,60}/"
        r"|[^\s/]{3,80}/[\w/.-]{0,80}?\b(?:incoming)?(?:web)?hooks?(?:b2)?/)"
        r"(?P<value>(?=[^\s]{0,80}\d)[\w@/.:-]{8,300})",
        re.I | re.ASCII,
    ),
    *listed("hook hooks webhook incoming"),
)
_LINK = Hinted(
    re.compile(
        r"https?://[^\s?#]{3,120}/(?:re-?set|confirm|verify|activate|invit\w{0,7}|magic|login|signin|auth"
        r"|token|unsubscribe"
        r"|share|join|pass\w{0,6}|access|session|sso|recover\w{0,3}|s|d|download)[\w-]{0,20}(?:/[\w-]{1,16}){0,2}/"
        r"(?P<value>(?=[a-z_-]{0,60}\d)(?=[\d_-]{0,60}[a-z])[\w-]{16,300})",
        re.I | re.ASCII,
    ),
    signs=("://",),
)
"""Links that let in whoever has them."""


def find(view: View) -> Iterator[Find]:
    """Yield the secrets of what was pasted."""
    for match in _CREDENTIALS.finditer(view):
        yield Find(match.start(), match.end(), Kind.SECRET)
    for pattern in (_OPTION, _SETTING, _ELEMENT, _HOOK, _LINK):
        for match in pattern.finditer(view):
            for group, value in match.groupdict().items():
                if value is not None and group != "tag" and not _is_word(value, group):
                    yield Find(*match.span(group), Kind.SECRET)


def _is_word(value: str, group: str) -> bool:
    """Tell whether a value without quotation marks is said of secrets ("password=required")."""
    plain = value.strip(".;,:!?)").casefold()
    return group in ("bare", "option") and (said_of_passwords(plain) or plain in NO_NAMES or not plain)

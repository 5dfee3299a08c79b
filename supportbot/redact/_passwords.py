"""Passwords, keys and codes that a sentence or an assignment names as such ("my password is ...").

The text after such a word is usually no secret ("my password is wrong"). So a value is hidden if it looks like no
word of a sentence, or is in quotation marks or alone after a colon. It is also hidden as the last word of its
sentence, unless people say that word about passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from supportbot.redact._finds import Find, Kind
from supportbot.redact._grammar import ABOUT, BEING, GRAMMAR, said_of_passwords
from supportbot.redact._hinted import Hinted
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import HIDDEN, View
from supportbot.redact._words import LANGUAGES, folded, hinted, listed, said

_VALUE = rf"(?:\"[^\"\n]{{1,200}}\"|'[^'\n]{{1,200}}'|[^\s\"'{HIDDEN}]{{1,200}})"


def _said_in(language: str) -> Hinted:
    grammar = GRAMMAR[language]
    # An accent tells "is" from "and" in Portuguese, so this part is compared with it, and the rest without.
    what = f"{said('password', language)}|{said('key', language)}"
    named = r"|(?<=_)key|pass(?=\s{0,3}[:=])" if language == "en" else ""
    return Hinted(
        re.compile(
            rf"(?<![^\W_])(?P<what>{what}{named})(?![\w-])"
            rf"(?:\s{{1,3}}(?:{folded(grammar.of)})(?:\s{{1,3}}[\w.'-]{{1,30}}){{1,4}}?)?"
            rf"(?P<by>[\"']?\s{{0,3}}[:=]{{1,3}}\s{{0,3}}"
            rf"|(?:\s{{1,3}}(?:{folded(grammar.being)})|'s)\s{{0,3}}:?\s{{1,3}}"
            r"(?:(?:set to|still|now|always|once|just|jetzt|noch|immer|fruher|damals|maintenant"
            r"|toujours|ahora"
            r"|siempre|teraz"
            r"|zawsze|agora|sempre) )?)"
            rf"(?P<value>{_VALUE})"
        ),
        *hinted("password", language),
        *hinted("key", language),
        "key",
        folded=True,
    )


_SAID = {language: _said_in(language) for language in LANGUAGES}
_PASSWORD = {language: re.compile(rf"(?:{said('password', language)})") for language in LANGUAGES}

_SAID_NEXT = Hinted(
    re.compile(
        rf"(?<![^\W_])(?:{said('password')}|{said('key')}|(?<=_)key)\s{{1,3}}"
        r"(?P<value>(?=[a-z]{0,40}\d)(?=\d{0,40}[a-z])[^\W_]{6,60}|(?:[a-z]{3,20}-){1,4}\d{2,6}"
        r"|(?=[a-z0-9]{0,8}-?[a-z0-9]{0,8}\d)[a-z0-9]{4,8}(?:[-][a-z0-9]{4,8}){1,7}"
        r"(?: [a-z0-9]{4}-[a-z0-9]{4}){0,11})"
        r"(?!\w)"
    ),
    *hinted("password"),
    *hinted("key"),
    "key",
    folded=True,
)
"""Letters and digits right after the word ("password hunter2 is refused")."""

_REFUSED = Hinted(
    re.compile(
        rf"(?<![^\W_])(?:{said('password')})\s(?P<value>[^\W_]{{3,30}})\s(?:is (?:not|wrong)|isn't"
        rf"|does(?:n't| not)"
        r"|won't|not working|geht nicht|funktioniert nicht|klappt nicht|wird nicht|nicht mehr"
        r"|ne (?:marche|fonctionne)"
        r"|(?:marche|fonctionne) pas|est refuse|no (?:funciona|entra|sirve|vale)|nie (?:dziala|wchodzi)"
        r"|nao (?:funciona|entra|da))\b"
    ),
    *hinted("password"),
    folded=True,
)
"""A word in between ("Passwort hund geht nicht")."""

_ABOUT_PASSWORDS = re.compile(
    r"(?:re)?sett?ing|reset|change|recovery|link|form|field|box|page|generator|manager|hints?|prompt"
    r"|e?mails?|login"
    r"|entry|protection|updates?|policy|check|strength|rules?|input|function|option|button|screen|request|window"
    r"|dialog|mask|thing|stuff|feature|code|verification|char\w*|eingabe|feld|seite|aktuell\w*|wifi|wlan"
)

_NEXT_ONE = Hinted(
    re.compile(
        rf"(?<![^\W_])(?:{said('password')}|{said('key')})\b[^\n]{{1,60}} (?:one|neue|alte|neues|nouveau|ancien"
        r"|nueva|vieja|antigua|nowe|stare|nova|velha|antiga)(?: \w{1,12}){0,3}?"
        rf"(?:\s(?:{BEING})|:)\s(?P<value>[^\s{HIDDEN}]{{4,60}})"
    ),
    *hinted("password"),
    *hinted("key"),
    folded=True,
)
"""The second of two ("the old password was ... and the new one is ...")."""

_PAIR = Hinted(
    re.compile(
        r"\b(?:(?:zugangs|login|anmelde)[ -]?daten|credentials|log-?ins?|access data|identifiants|datos de acceso"
        r"|dane (?:do )?logowania|dados de acesso|(?:user(?:name)?|login) ?[/|&+] ?(?:pass(?:word)?|pw"
        r"|pwd|passwort))"
        rf" ?(?::|=|are|sind|is|son) ?(?P<value>[^\s,;:/|{HIDDEN}]{{2,40}} ?[/|:] ?[^\s{HIDDEN}]{{3,60}})"
    ),
    *(
        "zugangsdaten",
        "zugangs",
        "login",
        "logindaten",
        "anmeldedaten",
        "anmelde",
        "credentials",
        "logins",
        "log",
        "access",
    ),
    *("identifiants", "datos", "dane", "dados", "user", "username"),
    folded=True,
)
"""Name and password together ("Zugangsdaten: anna / ...")."""

_BEARER = Hinted(
    re.compile(r"\b(?:bearer|basic)\s{1,3}(?P<value>[\w.~+/=-]{16,})", re.IGNORECASE | re.ASCII), "bearer", "basic"
)
_PHRASE = Hinted(
    re.compile(
        r"\b(?:phrase|mnemonic|seed|words)\b\W{0,4}(?:(?:is|are|ist|est|es|to|e)\W{1,3})?"
        r"(?P<value>(?:[a-z]{3,8}[ ,\n]{1,2}){11,23}[a-z]{3,8})"
    ),
    *listed("phrase mnemonic seed words"),
    folded=True,
)
"""Twelve and more little words, which open a wallet."""

_UNIT = re.compile(
    r"\s{1,3}(?:characters?|digits?|letters?|symbols?|numbers?|days?|hours?|minutes?"
    r"|times?|signs?|zeichen|stellen"
    r"|stellig|ziffern|tage|stunden|minuten|caracteres?|chiffres?|jours?|heures?|digitos?"
    r"|dias?|horas?|znak\w*"
    r"|cyfr\w*"
    r"|dni|godzin\w*)\b"
)
_LINE_END = re.compile(r"[ \t]{0,9}(?:[\r\n]|$)")
_SENTENCE_STOP = re.compile(
    r"[.,;!?)]{0,3}(?:\s{0,3}$|[\r\n]|(?<=[.,;!?)])\s|\s{1,2}(?:and|but|und|aber|et|mais"
    r"|y|pero|i|ale|e|mas)\b)"
)
_SENTENCE_END = ".,;:!?)>\"'"
_NO_SIGNS = "-/'.,()[]{}"
"""Signs that words and program text have too ("case-sensitive", "config[...]")."""
_SHORTEST = 4
_NO_SENTENCE = 16
"""Letters in one piece that are no word of a sentence any more."""


def find(view: View) -> Iterator[Find]:
    """Yield the secrets that a text says are some."""
    for pattern in (_SAID_NEXT, _PAIR, _BEARER, _PHRASE):
        for match in pattern.finditer(view):
            yield Find(*match.span("value"), Kind.SECRET)
    for match in _REFUSED.finditer(view):
        value = match["value"]
        if not (said_of_passwords(value) or value in NO_NAMES or _ABOUT_PASSWORDS.fullmatch(value)):
            yield Find(*match.span("value"), Kind.SECRET)
    for match in _NEXT_ONE.finditer(view):
        start, end = match.span("value")
        value = view.text[start:end].rstrip(_SENTENCE_END)
        if _looks_secret(value):
            yield Find(start, start + len(value), Kind.SECRET)
    for language, said_in in _SAID.items():
        for match in said_in.finditer(view):
            yield from _said(view, match, language)


def _said(view: View, match: re.Match[str], language: str) -> Iterator[Find]:
    start, end = match.span("value")
    shown = view.text[start:end]
    quoted = shown[0] in "\"'"
    value = shown if quoted else shown.rstrip(_SENTENCE_END)
    by = view.text[match.start("by") : match.end("by")].casefold().split()
    if by and by[0] == "e":  # Portuguese for "and"
        return
    assigned = bool(by) and by[-1].endswith((":", "="))
    end = start + len(value)
    # A key or a token is never a word, but a password may be one.
    word = _may_be_password(match["what"], value, language) and (
        _LINE_END.match(view.text, start + len(shown))
        if assigned
        else value.isalpha() and _SENTENCE_STOP.match(view.folded, end)
    )
    if (quoted or word or _looks_secret(value)) and not _UNIT.match(view.folded, end):
        yield Find(start, end, Kind.SECRET)


def _may_be_password(what: str, value: str, language: str) -> bool:
    """Tell whether a word may be somebody's password: none that is said of passwords, and no little word."""
    plain = folded(value)
    known = _PASSWORD[language].fullmatch(what) is not None
    return known and bool(plain) and not ABOUT[language].fullmatch(plain) and plain not in NO_NAMES


def _looks_secret(value: str) -> bool:
    """Tell a password from a word of the sentence ("my password is wrong")."""
    if len(value) < _SHORTEST or "://" in value:
        return False
    digit = any(character.isdigit() for character in value)
    mixed = any(one.islower() and two.isupper() for one, two in pairwise(value))
    sign = any(not character.isalnum() and character not in _NO_SIGNS for character in value)
    return digit or mixed or sign or (len(value) >= _NO_SENTENCE and "-" not in value)

"""Passwords, keys and codes that a sentence or an assignment names as such ("my password is ...").

What follows such a word is mostly no secret ("my password is wrong"). So a value goes if it looks like none of
the words of a sentence, if it stands in quotation marks or alone behind a colon, or if it is the last word of
its sentence and none that is said of passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from supportbot.redact._finds import Find, Hinted, Kind
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import HIDDEN, View
from supportbot.redact._words import LANGUAGES, folded, hinted, said

_VALUE = rf"(?:\"[^\"\n]{{1,200}}\"|'[^'\n]{{1,200}}'|[^\s\"'{HIDDEN}]{{1,200}})"


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How a language says what a password is for, what it is, and what is said of passwords instead."""

    of: str
    being: str
    about: str


_GRAMMAR = {
    "en": _Grammar(
        "for|of|on|to|at|in|i|we",
        "is|was",
        r"\w*(?:ed|ing)|required|optional|incorrect|invalid|wrong|forgotten|reset|lost|missing|unknown|none|yes"
        r"|no|help"
        r"|please|hidden|broken|correct|right|ok|okay|fine|bad|weak|strong|safe|secure|old|new|gone|same|short"
        r"|long|dead"
        r"|stolen|useless|mine|there|here|it|this|that|below|above|late|visible|public|stuck|down|empty"
        r"|in(?:active|secure)"
        r"|easy|hard|nothing|everything|different|private|secret|sent|set|kept|known|shown|taken|written|what"
        r"|why|how"
        r"|online|simple|complex|good|great|true|false|null|today|needed|unsafe|important|necessary|possible"
        r"|impossible",
    ),
    "de": _Grammar(
        "für|von|im|zum|zur|beim|vom|auf|bei|in|des|der|meines|meiner",
        "ist|war|lautet|lautete|heißt|heisst",
        r"falsch|richtig|weg|ungültig|gültig|abgelaufen|gesperrt|vergessen|unbekannt|korrekt|nötig|erforderlich"
        r"|leer|neu"
        r"|alt|sicher|unsicher|schwach|stark|kaputt|bekannt|verloren|zu|da|hier|kurz|lang|gleich|geändert"
        r"|gestohlen|fehlt"
        r"|notwendig|ge\w+t|ver\w+|ab\w+en|zurück\w+|identisch|sichtbar|geheim|einfach|schwer|optional|okay"
        r"|egal|wichtig",
    ),
    "fr": _Grammar(
        "pour|de|du|sur|de la|des",
        "est|était|c'est",
        r"\w*(?:é|ée|ées|és)|incorrecte?|invalide|faux|fausse|valide|perdue?|inconnue?|requise?|obligatoire"
        r"|correcte?|bon"
        r"|bonne|mauvaise?|vide|faible|forte?|sûre?|court|longue?|nécessaire|facile|difficile|secret"
        r"|compromise?|important",
    ),
    "es": _Grammar(
        "para|de|del|de la|de mi|en|en la",
        "es|era",
        r"\w*(?:ad[oa]|id[oa])|incorrect[oa]|correct[oa]|errón[eoa]+|fals[oa]|nuev[oa]|viej[oa]|débil|fuerte"
        r"|segur[oa]"
        r"|mal[oa]?|buen[oa]|cort[oa]|larg[oa]|obligatori[oa]|necesari[oa]|secret[oa]|vací[oa]|importante|fácil"
        r"|difícil"
        r"|esta|otra|correcta|posible",
    ),
    "pl": _Grammar(
        "do|na|dla|w|od|z",
        "to|jest|brzmi|było",
        r"\w*(?:łe|łowe|one|ane|ony|any|ięte|ęte)|nieprawidłowe|złe|błędne|nowe|stare|słabe|silne|niepoprawne"
        r"|poprawne|dobre"
        r"|wymagane|puste|krótkie|długie|nieważne|ważne|nieznane|nieaktualne|tajne|problem|trudne|łatwe"
        r"|potrzebne|konieczne",
    ),
    "pt": _Grammar(
        "para|de|da|do|na|no|da minha|do meu",
        "é|era",
        r"\w*(?:ad[oa]|id[oa])|incorret[oa]|corret[oa]|errad[oa]|nov[oa]|velh[oa]|frac[oa]|forte|segur[oa]|má?"
        r"|bo[am]"
        r"|curt[oa]|long[oa]|obrigatóri[oa]|necessári[oa]|secret[oa]|vazi[oa]|importante|fácil|difícil"
        r"|pequen[oa]|possível",
    ),
}


def _said_in(language: str) -> Hinted:
    grammar = _GRAMMAR[language]
    # An accent tells "is" from "and" in Portuguese, so this part is compared with it, and the rest without.
    what = f"{said('password', language)}|{said('key', language)}"
    named = r"|(?<=_)key|pass(?=\s{0,3}[:=])" if language == "en" else ""
    return Hinted(
        re.compile(
            rf"(?<![^\W_])(?P<what>{what}{named})(?![\w-])"
            rf"(?:\s{{1,3}}(?:{folded(grammar.of)})(?:\s{{1,3}}[\w.'-]{{1,30}}){{1,4}}?)?"
            rf"(?P<by>\s{{0,3}}[:=]{{1,3}}\s{{0,3}}"
            rf"|(?:\s{{1,3}}(?:{folded(grammar.being)})|'s)\s{{0,3}}:?\s{{1,3}}"
            r"(?:(?:set to|still|now|always|once|just|jetzt|noch|immer|fruher|damals|maintenant|toujours|ahora"
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
_ABOUT = {language: re.compile(folded(grammar.about)) for language, grammar in _GRAMMAR.items()}
_PASSWORD = {language: re.compile(rf"(?:{said('password', language)})") for language in LANGUAGES}

_SAID_NEXT = Hinted(
    re.compile(
        rf"(?<![^\W_])(?:{said('password')}|{said('key')}|(?<=_)key)\s{{1,3}}"
        r"(?P<value>(?=[a-z]{0,40}\d)(?=\d{0,40}[a-z])[^\W_]{6,60}|(?:[a-z]{3,20}-){1,4}\d{2,6})(?!\w)"
    ),
    *hinted("password"),
    *hinted("key"),
    "key",
    folded=True,
)
"""Letters and digits right after the word ("password hunter2 is refused")."""

_OF = "|".join(sorted({folded(of) for grammar in _GRAMMAR.values() for of in grammar.of.split("|")}))
_BEING = "|".join(sorted({folded(being) for grammar in _GRAMMAR.values() for being in grammar.being.split("|")}))

_SAID_DIGITS = Hinted(
    re.compile(
        rf"\b(?:{said('code')})(?:[ -]code|[ -]number|[ -]nummer)?"
        rf"(?:\s{{1,3}}(?:{_OF})(?:\s{{1,3}}\w{{1,30}}){{1,4}}?)?\s{{0,3}}(?:[:=]|\b(?:{_BEING})\b(?: le| la"
        rf"| el| o| a)?:?)?\s{{0,3}}"
        r"(?P<value>\d{3,4}[ -]\d{3,4}|\d{3,8})(?!\w|[.,-]\d)"
    ),
    *hinted("code"),
    folded=True,
)
_BEARER = Hinted(
    re.compile(r"\b(?:bearer|basic)\s{1,3}(?P<value>[\w.~+/=-]{16,})", re.IGNORECASE | re.ASCII), "bearer", "basic"
)

_UNIT = re.compile(
    r"\s{1,3}(?:characters?|digits?|letters?|symbols?|numbers?|days?|hours?|minutes?|times?|signs?|zeichen|stellen"
    r"|stellig|ziffern|tage|stunden|minuten|caracteres?|chiffres?|jours?|heures?|digitos?|dias?|horas?|znak\w*"
    r"|cyfr\w*"
    r"|dni|godzin\w*)\b"
)
_LINE_END = re.compile(r"[ \t]{0,9}(?:[\r\n]|$)")
_SENTENCE_STOP = re.compile(
    r"[.,;!?)]{0,3}(?:\s{0,3}$|[\r\n]|(?<=[.,;!?)])\s|\s{1,2}(?:and|but|und|aber|et|mais|y|pero|i|ale|e|mas)\b)"
)
_SENTENCE_END = ".,;:!?)>\"'"
_NO_SIGNS = "-/'.,()[]{}"
"""Signs that words and program text have too ("case-sensitive", "config[...]")."""
_SHORTEST = 4
_NO_SENTENCE = 16
"""Letters in one piece that are no word of a sentence any more."""


def find(view: View) -> Iterator[Find]:
    """Yield the secrets that a text says are some."""
    for pattern in (_SAID_NEXT, _SAID_DIGITS, _BEARER):
        for match in pattern.finditer(view):
            yield Find(match.start("value"), match.end("value"), Kind.SECRET)
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
    return known and bool(plain) and not _ABOUT[language].fullmatch(plain) and plain not in NO_NAMES


def _looks_secret(value: str) -> bool:
    """Tell a password from a word of the sentence ("my password is wrong")."""
    if len(value) < _SHORTEST or "://" in value:
        return False
    digit = any(character.isdigit() for character in value)
    mixed = any(one.islower() and two.isupper() for one, two in pairwise(value))
    sign = any(not character.isalnum() and character not in _NO_SIGNS for character in value)
    return digit or mixed or sign or (len(value) >= _NO_SENTENCE and "-" not in value)

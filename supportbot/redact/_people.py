"""People: ids of platforms, and names where somebody introduces themselves or signs.

A name is known by the words before it only, so a person who is mentioned in passing stays. After a cue that is
nearly always followed by a name ("my name is"), lower case will do, up to the first word that is no name; after
the others it takes capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Hinted, Kind, cue, said_before

_USER = re.compile(
    r"<@[!&]?[A-Z0-9]{1,24}(?:\|[^<>\n]{0,80})?>"  # a mention, on Slack and on Discord
    r"|<!subteam\^[A-Z0-9]{1,24}(?:\|[^<>\n]{0,80})?>"
    r"|(?<![\w.#-])[1-9]\d{16,19}(?![\w-]|\.\d)"  # Discord; <#...> is a channel
    r"|(?<![\w\\])[UW](?:0[A-Z0-9]{7,9}|\d{8,10})\b",  # Slack's of today
    re.ASCII,
)
_OLDER_USER = re.compile(r"\b[UW][A-Z0-9]{5,11}\b", re.ASCII)
"""Slack's older ids look like the names of devices (U32J590UQN), so it takes a word that says what they are."""
_USER_CUE = cue(r"(?:user|member|slack)[ _-]?id")

_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[\u0300-\u036f]|['’-](?={_LETTER})){{0,40}}\.?")
_GAP = re.compile(r"[ \t\u00a0]{1,3}")
_MOST_WORDS = 6

_SURE = Hinted(
    re.compile(
        r"\bmy (?:full |first |last |sur|user)?name(?:\s{1,3}is\s{0,3}:?|['’]s|\s{0,3}:)\s{1,3}", re.IGNORECASE
    ),
    "name",
)
_UNSURE = Hinted(
    re.compile(r"\b(?:I(?:['’]m| am) (?:called|named)|(?:they|people|friends) call me)\s{1,3}", re.IGNORECASE),
    "call",
    "named",
)
_SPEAKING = Hinted(
    re.compile(r"\b(?:this is|it['’]s|here is)\s{1,3}", re.IGNORECASE), "this is", "it's", "here is"
)
_SPEAKS = re.compile(r",?\s{1,3}(?:speaking|writing|calling|again|here)\b", re.IGNORECASE)
_SIGNED = Hinted(
    re.compile(
        r"\b(?:(?:kind|best|warm|kindest|warmest|many)\s{1,3}(?:regards|wishes|thanks)"
        r"|regards|sincerely|yours|greetings)"
        r"(?:\s{1,3}(?:yours|sincerely|truly|faithfully))?[ \t]{0,3}[,\r\n-]\s{0,5}"
        r"|(?:^|(?<=[\n.!?]))[ \t]{0,9}(?:thanks|thank you|thx|cheers|best|love)[ \t]{0,3}[,.!]?[ \t]{0,3}"
        r"\r?\n\s{0,5}(?:[-–—~] ?)?",
        re.IGNORECASE,
    ),
    "regards",
    "wishes",
    "thank",
    "sincerely",
    "yours",
    "greetings",
    "thx",
    "cheers",
    "best",
    "love",
)
_SIGNATURE_END = re.compile(r"[ \t.,!]{0,9}(?:[\r\n]|$)|[ \t]{0,3},")
"""The rest of the line below a greeting: a signature stands alone."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTICLES = _words("van von der den de del della di da dos du la le el al bin binti ibn ben y e st mc")
_TITLES = _words("mr mrs ms miss mx dr prof sir herr frau")
_NO_NAMES = _words(
    """
    a about above after again all already also always am an and another any are as asking at back be because
    been being below but by calling called can cannot can't changed correct could customer did different do does
    doesn't don't double duplicated empty even ever every for from get getting gone got had has have having he
    hello help her here hi hidden his how however i i'd i'll i'm i've if in incomplete incorrect indeed into
    invalid is isn't it it's its just last like linked listed long looking mangled may me misspelled misspelt
    missing mistyped my need never no nobody not nothing now of off ok okay old on once one only or order our
    out over partly please printed quite rather really reads registered regarding right shall she short should
    showing shown since so some speaking spelled spelt still taken than thanks that that's the their them then
    there these they this those though to today too two under unknown up upon urgent used very want wanted was
    wasn't we were what when where which while who whose why will with without won't would writing written wrong
    wrongly yes yet you your
    """
)
"""Words that follow "my name is" without being a name, or that end one."""


def find(text: str) -> Iterator[Find]:
    """Yield the platform ids and the introduced names of a text."""
    for match in _USER.finditer(text):
        yield Find(match.start(), match.end(), Kind.USER)
    for match in _OLDER_USER.finditer(text):
        if said_before(_USER_CUE, text, match.start()):
            yield Find(match.start(), match.end(), Kind.USER)
    for match in _SURE.finditer(text):
        yield from _name(text, match.end(), capitals=False)
    for match in _UNSURE.finditer(text):
        yield from _name(text, match.end(), capitals=True)
    for before, after in ((_SPEAKING, _SPEAKS), (_SIGNED, _SIGNATURE_END)):
        for match in before.finditer(text):
            names = _name(text, match.end(), capitals=True)
            yield from (name for name in names if after.match(text, name.end))


def _name(text: str, start: int, *, capitals: bool) -> Iterator[Find]:
    """Yield the name that begins at ``start``, if one does."""
    end, position, named = start, start, False
    for _ in range(_MOST_WORDS):
        word = _WORD.match(text, position)
        if word is None or not _may_be_name(word.group(), capitals=capitals):
            break
        plain = word.group().rstrip(".").casefold()
        if plain not in _PARTICLES:
            end, named = word.end(), named or plain not in _TITLES
            # A full stop belongs to an initial or a title; after a longer word the sentence is over.
            if word.group().endswith(".") and len(plain) > 1 and plain not in _TITLES:
                end -= 1
                break
        gap = _GAP.match(text, word.end())
        if gap is None:
            break
        position = gap.end()
    if named:
        yield Find(start, end, Kind.NAME)


def _may_be_name(word: str, *, capitals: bool) -> bool:
    plain = word.rstrip(".").casefold().replace("’", "'")
    if plain in _PARTICLES or plain in _TITLES:
        return True
    return plain not in _NO_NAMES and not (capitals and word[0].islower())

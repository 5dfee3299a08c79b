"""Names, where somebody introduces themselves, signs, is greeted, or is called with a title.

A name is known by the words beside it only, so a person who is mentioned in passing stays (``_hints``). After a
cue that is nearly always followed by a name ("my name is"), lower case will do, up to the first word that is no
name; after the others it takes capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._cues import (
    FORM,
    GREETED,
    HERE,
    INTRODUCED,
    SELF,
    SIGNED,
    SIGNED_BELOW,
    SPEAKING,
    STARTING,
    SURE,
    THANKED,
    TITLED,
    UNSURE,
)
from supportbot.redact._finds import Find, Kind
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import View
from supportbot.redact._words import folded, listed

_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[\u0300-\u036f]|['-](?={_LETTER})){{0,40}}\.?")
_GAP = re.compile(r" {1,3}")
_MOST_WORDS = 6
_FEW_WORDS = 3  # of a name that nobody introduced; more are the next sentence

_PARTICLES = frozenset(listed("van von der den de del della di da dos du la le el al bin binti ibn ben y e st mc"))
_TITLES = frozenset(
    listed(
        "mr mrs ms miss mx dr prof sir herr herrn frau monsieur madame mme mlle sr sra srta don dona senor senora"
        " senhor senhora pan pani"
    )
)

_SPEAKS = re.compile(r",? {1,3}(?:speaking|writing|calling|again|here|am apparat|a l'appareil|al habla)\b")
_SIGNATURE_END = re.compile(r"[ .,!]{0,9}(?:[\r\n]|$)| {0,3},")
"""The rest of the line below a greeting: a signature stands alone."""
_LINE_END = re.compile(r"[ .,!:)]{0,9}(?:[\r\n]|$)")
_PAUSE = re.compile(r" ?(?:[,.!;:\r\n]|- |$)")
_HERE = re.compile(r",? here\b")
_NO_NUMBER = re.compile(r"(?! ?\d)")


def find(view: View) -> Iterator[Find]:
    """Yield the names of a text."""
    for match in SURE.finditer(view):
        yield from _name(view, match.end(), capitals=False)
    for match in INTRODUCED.finditer(view):
        yield from _name(view, match.end(), capitals=False, most=2)
    for before, after, fewest in (
        (UNSURE, _NO_NUMBER, 1),
        (SPEAKING, _SPEAKS, 1),
        (SELF, _NO_NUMBER, 2),
        (HERE, _PAUSE, 2),
        (STARTING, _HERE, 2),
        (SIGNED_BELOW, _SIGNATURE_END, 1),
        (SIGNED, _SIGNATURE_END, 1),
        (THANKED, _LINE_END, 1),
        (GREETED, _PAUSE, 1),
        (GREETED, _HERE, 1),
        (TITLED, _NO_NUMBER, 1),
        (FORM, _NO_NUMBER, 1),
    ):
        for match in before.finditer(view):
            for name in _name(view, match.end(), capitals=True, most=_FEW_WORDS):
                words = view.text[name.start : name.end].split()
                shouted = before is GREETED and "".join(words).isupper()
                if len(words) >= fewest and not shouted and after.match(view.folded, name.end):
                    yield name


def _name(view: View, start: int, *, capitals: bool, most: int = _MOST_WORDS) -> Iterator[Find]:
    """Yield the name that begins at ``start``, if one does; it has at most ``most`` words besides titles."""
    end, position, named, words = start, start, False, 0
    for _ in range(_MOST_WORDS):
        word = _WORD.match(view.text, position)
        if word is None or not _may_be_name(word.group(), capitals=capitals):
            break
        plain = folded(word.group().rstrip("."))
        if plain not in _PARTICLES:
            end, named = word.end(), named or plain not in _TITLES
            words += plain not in _TITLES
            # A full stop belongs to an initial or a title; after a longer word the sentence is over.
            if word.group().endswith(".") and len(plain) > 1 and plain not in _TITLES:
                end -= 1
                break
        gap = _GAP.match(view.text, word.end())
        if gap is None or words == most:
            break
        position = gap.end()
    if named:
        yield Find(start, end, Kind.NAME)


def _may_be_name(word: str, *, capitals: bool) -> bool:
    plain = folded(word.rstrip("."))
    if plain in _PARTICLES or plain in _TITLES:
        return True
    return plain not in NO_NAMES and not (capitals and word[0].islower())

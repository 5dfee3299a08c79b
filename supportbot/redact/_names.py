"""Names, where somebody introduces themselves, signs, is greeted, or is called with a title.

A name is known by the words beside it only, so a person who is mentioned in passing stays (``_hints``). After a
cue that is nearly always followed by a name ("my name is"), lower case will do, up to the first word that is no
name; after the others it takes capitals, or a common given name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._cues import HERE, INTRODUCED, SELF, SPEAKING, STARTING, SURE, UNSURE
from supportbot.redact._cues_forms import DATA, FORM, HELD, LABELLED, RELATED, RELATED_NOUN
from supportbot.redact._cues_letters import (
    ADDRESSED,
    BESIDE,
    CONTACT,
    GREETED,
    GREETED_TOO,
    SCHRIEB,
    SIGNED,
    SIGNED_BELOW,
    THANKED,
    THANKS,
    TITLED,
    WROTE,
)
from supportbot.redact._finds import Find, Kind
from supportbot.redact._given import GIVEN
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import START_LENGTH, View
from supportbot.redact._words import folded, listed

_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[\u0300-\u036f]|['-](?={_LETTER})){{0,40}}\.?")
_GAP = re.compile(r" {1,3}")
_MOST_WORDS = 6
_FEW_WORDS = 3  # of a name that nobody introduced; more are the next sentence
_GIVEN_ONLY = _MOST_WORDS + 1
"""Words that a name must have where no number of words suffices, only a given name."""

_LAST_REACH = 70  # characters: a name of three words with what stands around it
_BEFORE_LAST = ("\n", ",", ".", "!", "?", "~", " -", "--")
_AROUND = " \t\r\n.,!:)>*_~\"'-"

_GIVEN_STARTS = frozenset(name[:START_LENGTH] for name in GIVEN)

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
_PAUSE_OR_ORIGIN = re.compile(
    r" ?(?:[,.!;:\r\n]|- |$)| (?:from|again|von|aus|nochmal|wieder|de|du|encore|otra|z"
    r"|znow(?:u)?|da|do|and|und|et|y|i|e)\b"
)
_AND = re.compile(r" ?(?:[,.!?;:\r\n)]|- |$| (?:and|und|et|y|i|e|from|aus|de|z)\b)")
_HERE = re.compile(r",? (?:here|hier|ici|speaking|mein name)\b")
_NO_NUMBER = re.compile(r"(?! ?\d)")
_QUOTED_END = re.compile(r" ?(?:[:<,\n]|$)")
_FIELD_END = re.compile(r"(?=[\"'<])")

_RULES = {
    UNSURE: [(_NO_NUMBER, 1)],
    SPEAKING: [(_SPEAKS, 1), (_PAUSE_OR_ORIGIN, _GIVEN_ONLY)],
    SELF: [(_NO_NUMBER, 2)],
    HERE: [(_PAUSE, 2)],
    STARTING: [(_HERE, 2)],
    SIGNED_BELOW: [(_SIGNATURE_END, 1)],
    SIGNED: [(_SIGNATURE_END, 1)],
    THANKED: [(_LINE_END, 1)],
    GREETED: [(_PAUSE, 1), (_HERE, 1), (GREETED_TOO, 1)],
    TITLED: [(_NO_NUMBER, 1)],
    FORM: [(_NO_NUMBER, 1)],
    LABELLED: [(_NO_NUMBER, 1)],
    HELD: [(_NO_NUMBER, 1)],
    RELATED: [(_NO_NUMBER, 1)],
    SCHRIEB: [(_QUOTED_END, 2)],
}
"""After each cue: what must follow the name, and how many words it has unless the first is a given name."""
_GIVEN_RULES = {
    DATA: [(_FIELD_END, _GIVEN_ONLY)],
    RELATED_NOUN: [(_NO_NUMBER, _GIVEN_ONLY)],
}
"""Those that are not worth a look in a text without a given name."""


def find(view: View) -> Iterator[Find]:
    """Yield the names of a text."""
    for match in SURE.finditer(view):
        yield from _name(view, match.end(), capitals=False)
    for match in INTRODUCED.finditer(view):
        yield from _name(view, match.end(), capitals=False, most=2)
    given = not _GIVEN_STARTS.isdisjoint(view.starts)
    for before, ends in (_RULES | _GIVEN_RULES if given else _RULES).items():
        for match in before.finditer(view):
            for name in _name(view, match.end(), capitals=True, most=_FEW_WORDS):
                yield from _ended(view, name, ends, greeted=before is GREETED)
    for pattern in (ADDRESSED, WROTE):
        for match in pattern.finditer(view):
            if not NO_NAMES.intersection(folded(match["name"]).replace(",", "").split()):
                yield Find(*match.span("name"), Kind.NAME)
    if given:
        for match in BESIDE.finditer(view.text) if CONTACT.search(view.text) else ():
            if _is_given(match["name"].split()[0]):
                yield from _name(view, match.start("name"), capitals=True, most=_FEW_WORDS)
        yield from _last(view)


def _ended(view: View, name: Find, ends: list[tuple[re.Pattern[str], int]], *, greeted: bool) -> Iterator[Find]:
    """Yield a name if what follows it fits, and a second one that is greeted with it."""
    words = view.text[name.start : name.end].split()
    if greeted and "".join(words).isupper():
        return
    for after, fewest in ends:
        end = after.match(view.folded, name.end)
        if end and (len(words) >= fewest or _is_given(words[0])):
            yield name
            if after is GREETED_TOO:
                yield from _name(view, end.end(), capitals=True, most=_FEW_WORDS)


def _last(view: View) -> Iterator[Find]:
    """Yield the name that signs a text without a greeting: its last line, or its last words behind thanks."""
    end = len(view.text.rstrip(_AROUND))
    first = max(0, end - _LAST_REACH)
    place = max(view.text.rfind(sign, first, end) for sign in _BEFORE_LAST)
    if place < 0:
        return
    start = end - len(view.text[place + 1 : end].lstrip(_AROUND))
    line = view.folded[view.folded.rfind("\n", 0, place) + 1 : start]
    if view.text[place] in "\n~-" or view.text[max(0, place - 1)].isdigit() or THANKS.search(line):
        for name in _name(view, start, capitals=True, most=_FEW_WORDS):
            given = _is_given(view.text[name.start : name.end].split()[0])
            if given and _LINE_END.match(view.folded, name.end):
                yield name


def _name(view: View, start: int, *, capitals: bool, most: int = _MOST_WORDS) -> Iterator[Find]:
    """Yield the name that begins at ``start``, if one does; it has at most ``most`` words besides titles."""
    end, position, named, words = start, start, False, 0
    small = False
    for _ in range(_MOST_WORDS):
        word = _WORD.match(view.text, position)
        if word is None or not _may_be_name(word.group(), capitals=capitals):
            # Behind a given name that is typed small, one more word may be the rest of it.
            if not (small and word and words == 1 and _may_end_name(view, word)):
                break
            most = 2
        plain = folded(word.group().rstrip("."))
        if plain not in _PARTICLES:
            small = small or (capitals and word.group()[0].islower() and plain not in _TITLES)
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
    return plain not in NO_NAMES and not (capitals and word[0].islower() and not _is_given(word))


def _may_end_name(view: View, word: re.Match[str]) -> bool:
    return folded(word.group().rstrip(".")) not in NO_NAMES and _AND.match(view.folded, word.end()) is not None


def _is_given(word: str) -> bool:
    """Tell whether a word is a common given name, or begins with one and a hyphen."""
    return folded(word.strip(".,")).partition("-")[0] in GIVEN

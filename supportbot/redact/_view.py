"""A text as people read it, with the way back: each character knows the stretch of the original that it stands
for.

People, keyboards and those who hide something write one thing in many ways: with invisible characters, with
thin spaces, in full width, as HTML entities. The finders see one way only. A placeholder is one sign here, so
nothing is ever found inside of it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache

HIDDEN = "\ufffc"
"""Stands for a placeholder: neither a word, nor a number, nor a blank."""

_NARROW = "\u2009"
_NARROWS = "\u2006\u2008\u2009\u200a\u202f\u205f"
"""Blanks so narrow that they part groups of digits or hide in a word; a blank or nothing is meant."""

_IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\ufffc\U000e0100-\U000e01ef]")
"""Invisible characters that Unicode counts among the marks and letters."""

_LINE_ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SAME = {"\t": " ", "\u2800": " ", "\u2212": "-", "ı": "i", "İ": "I"} | dict.fromkeys("‘’‚´ʼ′", "'")
_SAME |= dict.fromkeys("“”„«»″", '"') | dict.fromkeys(_NARROWS, _NARROW) | dict.fromkeys(_LINE_ENDS, "\n")

_PLAIN = (
    r"\n !-$'-Z\\-~"
    r"\u00a1-\u00a7\u00a9\u00ac\u00ae\u00b0\u00b1\u00bf-\u012f\u0134-\u013e\u0141-\u0148\u014a-\u017e\u20ac"
)
"""What stands for itself: most of ASCII, and the letters of Europe in one piece."""

_MARK = "\u0300-\u036f"

_PIECE = re.compile(
    rf"(?P<plain>[{_PLAIN}]+(?![{_MARK}]))"
    r"|(?P<hidden>\[[a-z]{2,8}\])"
    r"|&(?:amp;){0,3}(?P<entity>#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});"
    r"|(?P<percent>%[2-7][0-9a-fA-F])"
    rf"|(?s:.)[{_MARK}]{{0,8}}"
)


START_LENGTH = 5
"""So many letters tell most words apart."""

_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
_WORD = re.compile(r"[^\W_]+")


class View:
    """One reading of a text.

    Attributes:
        text: what the finders see.
        folded: the same in small letters without accents, as long as ``text``.
    """

    def __init__(self, text: str, spans: list[tuple[int, int]] | None) -> None:
        self.text = text
        self.folded = text.lower() if text.isascii() else text.lower().translate(_BARE)
        self._spans = spans

    @cached_property
    def starts(self) -> frozenset[str]:
        """The words of ``folded``, of each no more than its first ``START_LENGTH`` letters."""
        words = self.folded.translate(_WORDS).split() if self.folded.isascii() else _WORD.findall(self.folded)
        return frozenset([word[:START_LENGTH] for word in words])

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the original text that ``text[start:end]`` stands for; it is not empty."""
        return (start, end) if self._spans is None else (self._spans[start][0], self._spans[end - 1][1])


def views(text: str, placeholders: re.Pattern[str]) -> Iterator[View]:
    """Yield the readings of a text: one, and where it has narrow blanks, another without them."""
    if _is_plain(text):
        yield View(text, None)
        return
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    for match in _PIECE.finditer(text):
        start, end = match.span()
        hidden = match.lastgroup == "hidden" and placeholders.fullmatch(match.group()) is not None
        if match.lastgroup == "plain" or (match.lastgroup == "hidden" and not hidden):
            pieces.append(match.group())
            spans += [(place, place + 1) for place in range(start, end)]
        else:
            shown = HIDDEN if hidden else _shown(match)
            pieces.append(shown)
            spans += [(start, end)] * len(shown)
    read = "".join(pieces)
    yield View(read.replace(_NARROW, " "), spans)
    if _NARROW in read:
        kept = [span for character, span in zip(read, spans, strict=True) if character != _NARROW]
        yield View(read.replace(_NARROW, ""), kept)


_WHOLLY_PLAIN = re.compile(rf"[{_PLAIN}]*")


def _is_plain(text: str) -> bool:
    return _WHOLLY_PLAIN.fullmatch(text) is not None


def _shown(match: re.Match[str]) -> str:
    if match.lastgroup == "entity":
        return _normal(html.unescape(f"&{match['entity']};"))
    if match.lastgroup == "percent":
        return chr(int(match["percent"][1:], 16))
    return _normal(match.group())


@lru_cache(maxsize=4096)  # far more than the characters of a language
def _normal(piece: str) -> str:
    """Return a character with its marks in its plainest form; nothing for one without a shape."""
    shown = []
    for character in piece if piece in _SAME else unicodedata.normalize("NFKC", piece):
        category = unicodedata.category(character)
        if character in _SAME:
            shown.append(_SAME[character])
        elif category == "Zs":
            shown.append(" ")
        elif category == "Pd":
            shown.append("-")
        elif category == "Nd":
            shown.append(str(unicodedata.decimal(character)))
        elif character in "\n\r" or not (category.startswith("C") or _IGNORED.match(character)):
            shown.append(character)
    return "".join(shown)


def _bare(code: int) -> str:
    character = chr(code).lower()
    return {"ł": "l", "ø": "o", "đ": "d", "ß": "s", "æ": "a", "œ": "o"}.get(
        character, unicodedata.normalize("NFD", character)[0]
    )


_BARE = {code: _bare(code) for code in range(0xC0, 0x180)}
"""The letters of Europe without their accents; one letter each, so that places stay the same."""

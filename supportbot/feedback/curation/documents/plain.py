"""Plain text: a short line that ends like no sentence is the heading of what follows it.

It is a paragraph by itself, or is the first line of one whose next line begins with a capital, a digit or an item.
A line of capitals ranks above the other headings. Lines that only underline, and the "Q:" and "A:" of old FAQs,
are not text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.feedback.curation.documents.sections import Section
from supportbot.feedback.curation.documents.wording import asks

_MOST = 80
"""Characters of a heading by itself, or of a question."""

_MOST_WITHIN = 50
"""Of one that begins a paragraph: lines that are broken at a margin are longer."""

_UNDERLINE = re.compile(r"\s*([=\-~*_#^])\1{2,}\s*")
_ITEM = re.compile(r"\s*(?:[-*•·–]|\(?\d+[.)]|[a-z][.)])\s")
_ENDS = (".", "!", ",", ";", ":", "…")
_SPEAKER = re.compile(r"\A(?:Q|A|Question|Answer|Frage|Antwort)\s*\d*\s*[:.]\s+")


def sections(text: str) -> list[Section]:
    """Return the sections of a text; the first is what stands before its headings."""
    found: list[tuple[str, list[str]]] = [("", [])]
    blocks = list(_blocks(text))
    for number, block in enumerate(blocks):
        follows = blocks[number + 1] if number + 1 < len(blocks) else None
        if _is_heading(block, follows):
            found.append((_SPEAKER.sub("", block[0].strip(), count=1), []))
            block = block[1:]
        if block:
            found[-1][1].append(_SPEAKER.sub("", "\n".join(block), count=1))
    return [Section(_level(title), title, "\n\n".join(body)) for title, body in found]


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield paragraphs as their lines."""
    for block in re.split(r"\n\s*\n", re.sub(r"\r\n?", "\n", text)):
        lines = [line.rstrip() for line in block.split("\n") if line.strip()]
        lines = [line for line in lines if not _UNDERLINE.fullmatch(line)]
        if lines:
            yield lines


def _is_heading(block: list[str], follows: list[str] | None) -> bool:
    line = block[0].strip()
    if len(line) > _MOST or line.endswith(_ENDS) or not line[0].isalnum():
        return False
    if len(block) == 1 and follows is None:
        return False
    if asks(line):
        return True
    if line[0].islower():
        return False
    if len(block) == 1:
        # Items divided by empty lines are no headings, a numbered heading above a text is.
        return not (_ITEM.match(line) and follows is not None and _ITEM.match(follows[0]))
    after = block[1].lstrip()
    begins_anew = after[0].isupper() or after[0].isdigit() or _ITEM.match(block[1]) is not None
    return len(line) <= _MOST_WITHIN and begins_anew and _ITEM.match(line) is None


def _level(title: str) -> int:
    return 0 if not title else 1 if title.isupper() else 2

"""An answer as blocks of what Discord can show: paragraphs and code.

Discord reads Markdown itself, so bold, lists and headings are left alone. It knows no tables: they become code.
This module knows no lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.dialects.discord_addresses import FENCE, harmless, harmless_code
from bot.dialects.discord_tables import tables

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<marker>`{3,}|~{3,})[ \t]*(?P<info>[^`~]*)")
_LANGUAGE = re.compile(r"[\w+\-.#]{1,20}", re.ASCII)  # what Discord takes for one


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or code.

    Attributes:
        text: with nothing in it that pings or hides; of code, what stands between the fences.
        before: the line breaks between this and the block before it.
        language: of code, empty if nobody said; None for a paragraph.
    """

    text: str
    before: str = "\n\n"
    language: str | None = None

    @property
    def shown(self) -> str:
        """How Discord is told."""
        return self.text if self.language is None else f"{FENCE}{self.language}\n{self.text}\n{FENCE}"


def blocks(answer: str) -> list[Block]:
    """Return the blocks of an answer, in order.

    Args:
        answer: printable, as it was approved or generated.
    """
    lines = answer.split("\n")
    found: list[Block] = []
    begin = 0
    while begin < len(lines):
        before = "\n" if begin and lines[begin - 1].strip() else "\n\n"
        if opening := _OPENING.fullmatch(lines[begin]):
            end = _end_of_code(lines, begin, opening["marker"])
            if block := _code(lines[begin + 1 : end], opening, before):
                found.append(block)
            begin = end + 1
            continue
        end = begin
        while end < len(lines) and lines[end].strip() and not _OPENING.fullmatch(lines[end]):
            end += 1
        found += _without_tables(lines[begin:end], before)
        begin = max(end, begin + 1)
    return found


def _end_of_code(lines: Sequence[str], begin: int, marker: str) -> int:
    """Return the line that closes the code which a line opens; code that nobody closes goes on to the end."""
    for number in range(begin + 1, len(lines)):
        line = lines[number].strip()
        if line.startswith(marker) and not line.strip(marker[0]):
            return number
    return len(lines)


def _code(lines: Sequence[str], opening: re.Match[str], before: str) -> Block | None:
    """Return a block of code; None if there is none in it."""
    indent, info = len(opening["indent"]), opening["info"].strip()
    text = "\n".join(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines)
    language = info if _LANGUAGE.fullmatch(info) and text.strip() else ""
    if info != language:
        text = f"{info}\n{text}"
    return _as_code(text, before, language) if text.strip() else None


def _as_code(text: str, before: str, language: str = "") -> Block:
    return Block(harmless_code(text).strip("\n"), before, language)


def _without_tables(lines: Sequence[str], before: str) -> Iterator[Block]:
    """Yield lines without an empty one between them as a paragraph, and the tables among them as code."""
    last = 0
    for begin, end, table in tables("\n".join(lines)):
        if begin > last:
            yield Block(harmless("\n".join(lines[last:begin])), before)
            before = "\n"
        if table.strip():
            yield _as_code(table, before)
        last, before = end, "\n"
    if last < len(lines):
        yield Block(harmless("\n".join(lines[last:])), before)

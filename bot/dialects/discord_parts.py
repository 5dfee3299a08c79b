"""Blocks put into as few messages as hold them, in order.

A block that fits into a message stays whole. One that does not is divided at lines, then at words, and only a word
that no message holds is cut. Code that is divided is closed, and opened again with its language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.dialects.discord_addresses import harmless
from bot.dialects.discord_markdown import Block


def parts(blocks: Iterable[Block], limit: int) -> list[str]:
    """Return the texts of messages.

    Args:
        blocks: of one answer.
        limit: most UTF-16 units of a message; a good deal more than the fences of a block take.
    """
    found: list[str] = []
    current = ""
    for block in blocks:
        joined = f"{current}{block.before}{block.shown}" if current else block.shown
        if length(joined) > limit:
            if current:
                found.append(current)
            *full, joined = [block.shown] if length(block.shown) <= limit else _divided(block, limit)
            found += full
        current = joined
    return [*found, current] if current else found


def length(text: str) -> int:
    """Return how long a text is in UTF-16 units, the strictest way to count."""
    return len(text.encode("utf-16-le")) // 2


def start_of(text: str, limit: int) -> str:
    """Return the beginning of a text, at most ``limit`` UTF-16 units, no sign of it cut apart."""
    kept = text.encode("utf-16-le", "surrogatepass")[: limit * 2].decode("utf-16-le", "ignore")
    end = len(kept)
    while 0 < end < len(text) and _belongs_to_the_one_before(text, end):
        end -= 1
    return kept[:end] or kept


def _belongs_to_the_one_before(text: str, index: int) -> bool:
    return text[index - 1] == "\u200d" or unicodedata.category(text[index]) in ("Mn", "Mc", "Me", "Cf")


def _divided(block: Block, limit: int) -> Iterator[str]:
    """Yield a block that is too long in pieces, each as Discord is told."""
    rest = block.text
    while rest:
        room = limit
        while True:
            text, after = _break(rest, room, lines_first=block.language is not None)
            piece = replace(block, text=text if block.language is not None else harmless(text))
            if length(piece.shown) <= limit:
                break
            # Fences, and backticks whose other half is in another piece, take room of their own.
            room = min(room - 1, room * limit // length(piece.shown))
        if text.strip():
            yield piece.shown
        rest = after if block.language is not None else after.strip()


def _break(text: str, room: int, *, lines_first: bool) -> tuple[str, str]:
    """Return the beginning of a text, as much as there is room for, and what comes after it."""
    if length(text) <= room:
        return text, ""
    kept = start_of(text, room)
    half = 0 if lines_first else len(kept) // 2
    for sign, earliest in (("\n", half), (" ", len(kept) // 2), ("\n", 0), (" ", 0)):
        if (found := text.rfind(sign, earliest, len(kept) + 1)) > 0:
            return text[:found], text[found + 1 :]
    return kept, text[len(kept) :]

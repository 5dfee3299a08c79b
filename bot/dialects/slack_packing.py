"""Pieces of an answer put into blocks, and blocks into as few messages as Slack takes.

A message ends between two paragraphs, between two items of a list, or beside a block of code; each of these stays
whole if a message holds it. Nothing is cut away: what does not fit goes on in the next message. The same answer is
always divided in the same way, so that an attempt can go on where an earlier one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, DividerBlock, MarkdownTextObject, RichTextBlock, SectionBlock
from slack_sdk.models.blocks.block_elements import RichTextElement

from bot.dialects.slack_markup import SECTION_LIMIT, escape, escaped_pieces, pieces

MOST_CHARACTERS = 11_000
"""Of JSON, or of escaped text, in a message: Slack refuses those whose blocks hold more than about 13,000, and
thumbs, a quoted question and what is offered need some, too."""

MOST_BLOCKS = 40
"""Of the 50 that a message may have, likewise."""

NOTHING = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an answer: how it looks, and what it says, without any formatting."""

    blocks: tuple[Block, ...]
    text: str

    def in_words(self) -> list[Block]:
        """Return it as text alone, for where Slack refuses its looks."""
        return build_sections(self.text)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of rich text that fits into a block.

    Attributes:
        element: as Slack has it; None for a line across.
        size: in characters of its text.
        goes_on: whether it belongs to the same paragraph, quote or code as the piece before it.
    """

    element: RichTextElement | None
    size: int
    goes_on: bool = False


def pack(found: Iterable[Piece]) -> list[Part]:
    """Return the messages that show rich text; none if it has more formatting than a message takes."""
    parts: list[Part] = []
    current: list[Block] = []
    used = 0
    for unit in _units(found):
        for blocks in [unit] if _fits(unit, _size(unit)) else [[block] for block in unit]:
            size = _size(blocks)
            if not _fits(blocks, size):
                return []
            if not _fits([*current, *blocks], used + size):
                parts.append(_part(current))
                current, used = [], 0
            current += blocks
            used += size
    return [*parts, _part(current)] if current else parts


def pack_plain(text: str) -> list[Part]:
    """Return the messages that show a text as it was typed; never none."""
    return [Part(tuple(build_sections(each)), each) for each in pieces(text, MOST_CHARACTERS)] or [
        Part((build_section(NOTHING),), NOTHING)
    ]


def build_sections(text: str) -> list[Block]:
    """Return the blocks that show a text as it was typed; never none."""
    return [build_section(piece) for piece in escaped_pieces(text)] or [build_section(NOTHING)]


def build_section(escaped: str) -> SectionBlock:
    """Return a block of text that is escaped already."""
    # verbatim: otherwise Slack makes mentions and links out of plain words such as @here.
    return SectionBlock(text=MarkdownTextObject(text=escaped, verbatim=True))


def _units(found: Iterable[Piece]) -> Iterator[list[Block]]:
    """Yield blocks of a section's size at most, those together that one message should hold."""
    unit: list[Block] = []
    packed: list[RichTextElement] = []
    used = 0
    for piece in found:
        if packed and (piece.element is None or used + piece.size > SECTION_LIMIT):
            unit.append(RichTextBlock(elements=packed))
            packed, used = [], 0
            if not piece.goes_on:
                yield unit
                unit = []
        if piece.element is None:
            yield [DividerBlock()]
        else:
            packed.append(piece.element)
            used += piece.size
    if packed:
        yield [*unit, RichTextBlock(elements=packed)]


def _fits(blocks: Sequence[Block], size: int) -> bool:
    return len(blocks) <= MOST_BLOCKS and size <= MOST_CHARACTERS


def _size(blocks: Sequence[Block]) -> int:
    """Return how many characters these blocks take, with their looks or without, whichever is more."""
    written = json.dumps([block.to_dict() for block in blocks], ensure_ascii=False)
    return max(len(written), len(escape(_words(blocks))) + 2)


def _part(blocks: Sequence[Block]) -> Part:
    return Part(tuple(blocks), _words(blocks))


def _words(blocks: Iterable[Block]) -> str:
    """Return what blocks of rich text say."""
    return "\n\n".join("———" if isinstance(each, DividerBlock) else _said(each.to_dict()) for each in blocks)


def _said(element: dict[str, object]) -> str:
    match element:
        case {"text": str(text)} | {"url": str(text)}:
            return text
        case {"type": "rich_text_list", "elements": list(items)} as found:
            first = int(str(found.get("offset", 0))) + 1
            marks = (f"{first + number}." if found["style"] == "ordered" else "•" for number in range(len(items)))
            return "\n".join(f"{mark} {_said(item)}" for mark, item in zip(marks, items, strict=True))
        case {"type": "rich_text", "elements": list(inner)}:
            return "\n\n".join(map(_said, inner))
        case {"elements": list(inner)}:
            return "".join(map(_said, inner))
    return ""

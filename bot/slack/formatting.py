"""How an answer looks in Slack: its Markdown as rich text, and a text without any as it was typed.

Rich text is structure, not a text that Slack reads signs in. So nothing in it needs to be escaped, nothing can
ping anybody, and a link has no words that could stand in for its address. See docs/decisions.md for what else was
looked at. A long answer goes on in further blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from slack_sdk.models.blocks import Block, DividerBlock, MarkdownTextObject, RichTextBlock, SectionBlock
from slack_sdk.models.blocks.block_elements import (
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from bot import markdown
from bot.markdown import Code, Items, Paragraph, Quote, Span
from bot.slack.markup import SECTION_LIMIT, break_before, escaped_pieces

MAX_SECTIONS = 4
"""Sections of one answer: Slack refuses messages whose blocks hold more than about 13,000 characters."""

MOST_JSON = 11_000
"""Characters of JSON that rich text may have; thumbs, a quoted question and what is offered need some, too."""

MOST_BLOCKS = 40
"""Of the 50 that a message may have, likewise."""

NOTHING = "…"

_DEEPEST_INDENT = 8
_PING = re.compile(r"(?<=<)(?=[@!#])")
"""Between the first two characters of a mention, so that no text holds one, though Slack would not read it."""


def build_text(text: str, *, words_only: bool = False) -> list[Block]:
    """Return the blocks that show an answer; never none.

    Args:
        text: the answer.
        words_only: without its formatting, because Slack has refused that.
    """
    blocks = markdown.read(text)
    if not markdown.is_plain(text, blocks):
        shown = [] if words_only else list(_pack(_elements(blocks)))
        if shown and _fits(shown):
            return shown
        text = markdown.to_text(blocks)
    return _build_sections(text)


def build_section(escaped: str) -> SectionBlock:
    """Return a block of text that is escaped already."""
    # verbatim: otherwise Slack makes mentions and links out of plain words such as @here.
    return SectionBlock(text=MarkdownTextObject(text=escaped, verbatim=True))


def _build_sections(text: str) -> list[Block]:
    pieces = list(islice(escaped_pieces(text), MAX_SECTIONS + 1)) or [NOTHING]
    if len(pieces) > MAX_SECTIONS:
        pieces[MAX_SECTIONS:] = [NOTHING]
    return [build_section(piece) for piece in pieces]


def _fits(blocks: Sequence[Block]) -> bool:
    written = json.dumps([block.to_dict() for block in blocks], ensure_ascii=False)
    return len(blocks) <= MOST_BLOCKS and len(written) <= MOST_JSON


_Sized = tuple[RichTextElement, int] | None
"""A piece of rich text and its characters; None for a line across."""


def _pack(elements: Iterator[_Sized]) -> Iterator[Block]:
    """Put pieces together into blocks of a section's size at most."""
    packed: list[RichTextElement] = []
    used = 0
    for element in elements:
        if packed and (element is None or used + element[1] > SECTION_LIMIT):
            yield RichTextBlock(elements=packed)
            packed, used = [], 0
        if element is None:
            yield DividerBlock()
        else:
            packed.append(element[0])
            used += element[1]
    if packed:
        yield RichTextBlock(elements=packed)


def _elements(blocks: Sequence[markdown.Block], indent: int = 0) -> Iterator[_Sized]:
    text: list[Span] = []  # paragraphs that follow one another: only within a piece there are empty lines
    after = ""
    for block in blocks:
        if isinstance(block, Paragraph):
            text += [Span(after)] if text else []
            text += [replace(span, bold=True) for span in block.spans] if block.is_heading else block.spans
            after = "\n" if block.is_heading else "\n\n"
            continue
        yield from _sections(text)
        text = []
        match block:
            case Code():
                for piece in _pieces([Span(block.text)]):
                    yield RichTextPreformattedElement(elements=_inline(piece)), _size(piece)
            case Quote():
                for piece in _pieces(markdown.flatten(block.blocks)):
                    yield RichTextQuoteElement(elements=_inline(piece)), _size(piece)
            case Items():
                yield from _items(block, indent)
            case _:
                yield None
    yield from _sections(text)


def _sections(spans: Sequence[Span]) -> Iterator[_Sized]:
    for piece in _pieces(spans):
        yield RichTextSectionElement(elements=_inline(piece)), _size(piece)


def _items(block: Items, indent: int) -> Iterator[_Sized]:
    """Yield a list; what an item holds besides its first paragraph stands below it, and then the list goes on."""
    run: list[RichTextElement] = []
    used = 0
    for number, item in enumerate(block.items):
        head, rest = (item[:1], item[1:]) if item and isinstance(item[0], Paragraph) else ((), item)
        more: list[_Sized] = list(_sections(markdown.flatten(head)))
        if more and (lead := more.pop(0)):
            if used + lead[1] > SECTION_LIMIT:
                yield _list(block, run, number, indent), used
                run, used = [], 0
            run.append(lead[0])
            used += lead[1]
        more += _elements(rest, indent + 1)
        if more and run:
            yield _list(block, run, number + 1, indent), used
            run, used = [], 0
        yield from more
    if run:
        yield _list(block, run, len(block.items), indent), used


def _list(block: Items, run: list[RichTextElement], end: int, indent: int) -> RichTextListElement:
    """Return the items of a list before ``end``, counted from 0, that stand in a row."""
    return RichTextListElement(
        elements=run,
        style="bullet" if block.start is None else "ordered",
        indent=min(indent, _DEEPEST_INDENT),
        offset=None if block.start is None else block.start - 1 + end - len(run),
    )


def _pieces(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Cut text into pieces of a section's size at most, at a paragraph, a line or a space if there is one."""
    text = "".join(span.text for span in spans)
    start = 0
    while start < len(text):
        rest = text[start : start + SECTION_LIMIT + 1]
        end = start + (break_before(rest, SECTION_LIMIT) if len(rest) > SECTION_LIMIT else len(rest))
        words = text[start:end]
        left = start + len(words) - len(words.lstrip("\n"))
        right = left + len(words.strip("\n"))
        if words.strip():
            yield list(_slice(spans, left, right))
        start = end


def _slice(spans: Sequence[Span], left: int, right: int) -> Iterator[Span]:
    at = 0
    for span in spans:
        kept = span.text[max(0, left - at) : max(0, right - at)]
        at += len(span.text)
        if kept:  # a part of an address leads elsewhere
            yield replace(span, text=kept, is_address=span.is_address and kept == span.text)


def _size(spans: Sequence[Span]) -> int:
    return sum(len(span.text) for span in spans)


def _inline(spans: Sequence[Span]) -> list[RichTextElement]:
    elements: list[RichTextElement] = []
    for span in spans:
        names = ("bold", "italic", "strike", "code")
        style = {name: True for name in names if getattr(span, name)} or None
        if span.is_address:
            elements.append(RichTextElementParts.Link(url=span.text, style=style))
        else:
            elements += [RichTextElementParts.Text(text=part, style=style) for part in _PING.split(span.text)]
    return elements

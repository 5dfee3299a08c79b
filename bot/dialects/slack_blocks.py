"""How an answer looks in Slack: its Markdown as rich text, and a text without any as it was typed.

Rich text is structure, not a text that Slack reads signs in. So nothing in it needs to be escaped, nothing can
ping anybody, and a link has no words that could stand in for its address. See docs/decisions.md for what else was
looked at. How blocks become messages, ``packing`` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.block_elements import (
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from bot.dialects.slack_markup import SECTION_LIMIT, break_before
from bot.dialects.slack_packing import Part, Piece, build_sections, pack, pack_plain
from supportbot import markdown
from supportbot.markdown import Code, Items, Paragraph, Quote, Span

_DEEPEST_INDENT = 8
_PING = re.compile(r"(?<=<)(?=[@!#])")
"""Between the first two characters of a mention, so that no text holds one, though Slack would not read it."""


def build_parts(text: str) -> list[Part]:
    """Return the messages that show an answer, in order; never none, and nothing of it is cut away."""
    blocks = markdown.read(text)
    if markdown.is_plain(text, blocks):
        return pack_plain(text)
    plain = pack_plain(markdown.to_text(blocks))
    rich = pack(_elements(blocks))
    # A styled word takes a hundred characters of Slack's; words come before looks.
    return rich if 0 < len(rich) <= 2 * len(plain) else plain


def build_words(text: str) -> list[Block]:
    """Return the blocks that show a text without its formatting, for what fits into one message."""
    blocks = markdown.read(text)
    return build_sections(text if markdown.is_plain(text, blocks) else markdown.to_text(blocks))


def _elements(blocks: Sequence[markdown.Block], indent: int = 0) -> Iterator[Piece]:
    text: list[Span] = []  # paragraphs that follow one another: only within a piece there are empty lines
    after = ""
    for block in blocks:
        if isinstance(block, Paragraph):
            if text and _size([*text, *block.spans]) > SECTION_LIMIT:
                yield from _sections(text)
                text = []
            text += [Span(after)] if text else []
            text += [replace(span, bold=True) for span in block.spans] if block.is_heading else block.spans
            after = "\n" if block.is_heading else "\n\n"
            continue
        yield from _sections(text)
        text = []
        match block:
            case Code():
                yield from _divided([Span(block.text)], RichTextPreformattedElement)
            case Quote():
                yield from _divided(markdown.flatten(block.blocks), RichTextQuoteElement)
            case Items():
                yield from _items(block, indent)
            case _:
                yield Piece(None, 0)
    yield from _sections(text)


def _sections(spans: Sequence[Span]) -> Iterator[Piece]:
    yield from _divided(spans, RichTextSectionElement)


def _divided(spans: Sequence[Span], kind: Callable[..., RichTextElement]) -> Iterator[Piece]:
    """Yield one paragraph, quote or block of code in pieces of a section's size at most."""
    for number, piece in enumerate(_pieces(spans)):
        yield Piece(kind(elements=_inline(piece)), _size(piece), goes_on=number > 0)


def _items(block: Items, indent: int) -> Iterator[Piece]:
    """Yield a list; whatever an item has besides its first paragraph is put below it, then the list continues."""
    run: list[RichTextElement] = []
    used = 0
    for number, item in enumerate(block.items):
        head, rest = (item[:1], item[1:]) if item and isinstance(item[0], Paragraph) else ((), item)
        more: list[Piece] = list(_sections(markdown.flatten(head)))
        if more and (lead := more.pop(0)).element:
            if run and used + lead.size > SECTION_LIMIT:
                yield Piece(_list(block, run, number, indent), used)
                run, used = [], 0
            run.append(lead.element)
            used += lead.size
        more += _elements(rest, indent + 1)
        if more and run:
            yield Piece(_list(block, run, number + 1, indent), used)
            run, used = [], 0
        yield from more
    if run:
        yield Piece(_list(block, run, len(block.items), indent), used)


def _list(block: Items, run: list[RichTextElement], end: int, indent: int) -> RichTextListElement:
    """Return the items of a list before ``end``, counted from 0, as one row."""
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

"""Answers are Markdown at heart: read here into a small tree, which a platform shows in its own way.

The tree hides nothing. A link is its label and then its address, spelled out. HTML, references and entities are
not read, so they stay the text that they are, and no character is left that cannot be seen. Where reading would
lose a word, or the text is nested too deep, it is one paragraph, as it was typed. A long text is read piece by
piece, for the nastiest takes time with the square of its length. It knows no platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from markdown_it.tree import SyntaxTreeNode
from rich.cells import cell_len

from supportbot.markdown.parser import build_parser
from supportbot.markdown.pieces import pieces
from supportbot.printable import printable

MAX_LENGTH = 12_000
"""Characters that are read at once, more than a message of any platform holds."""

MOST_READ = 10 * MAX_LENGTH
"""Characters of a text that is read at all; beyond it is one paragraph, as it was typed."""

TABLE_WIDTH = 60
"""Columns of a table that is set in columns; a narrow window would break the lines of a wider one."""

_DEEPEST = 20
"""Levels of quotes and lists. The parser drops what lies deeper."""

_ADDRESS = re.compile(r"https?://(?:(?![<>|])[!-~]){1,2000}")
"""An address that may be clicked: of visible ASCII, so that it can't look like another."""

_LANGUAGE = re.compile(r"[a-z][a-z0-9+#._-]{0,20}")
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one style; with ``is_address`` it is an address, in full, that may be clicked."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, line breaks included."""

    spans: tuple[Span, ...]
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that keep their columns: code, or a table."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody else said."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; ``start`` is its first number, or None for bullets."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Paragraph | Code | Quote | Items | Rule


_PARSER = build_parser(_DEEPEST)


@lru_cache(maxsize=64)  # a message and its preview are read apart, and approved answers are given again and again
def read(text: str) -> tuple[Block, ...]:
    """Return what a text says and how; nothing for a text in which nothing can be seen."""
    text = printable(text).strip()
    if len(text) > MOST_READ:
        return _as_typed(text)
    return tuple(block for piece in pieces(text, MAX_LENGTH) for block in _read_piece(piece))


def _as_typed(text: str) -> tuple[Block, ...]:
    return (Paragraph((Span(text),)),)


def _read_piece(text: str) -> tuple[Block, ...]:
    text = text.strip("\n")
    as_typed = _as_typed(text)
    if len(text) > MAX_LENGTH:
        return as_typed
    root = SyntaxTreeNode(_PARSER.parse(text))
    blocks = tuple(_blocks(root.children))
    shown = to_text(blocks)
    wanted = set(_WORDS.findall(text)) - _SCHEMES - set(_WORDS.findall(" ".join(_languages(root))))
    return blocks if all(word in shown for word in wanted) else as_typed


def is_plain(text: str, blocks: Sequence[Block]) -> bool:
    """Return whether there is no Markdown at all in a text that was read, so that it is shown as it was typed."""
    in_one_style = all(
        isinstance(block, Paragraph)
        and not block.is_heading
        and all(replace(span, is_address=False) == Span(span.text) for span in block.spans)
        for block in blocks
    )
    return in_one_style and to_text(blocks).split() == printable(text).split()


def to_text(blocks: Sequence[Block]) -> str:
    """Return plain text without the signs of Markdown."""
    return "".join(span.text for span in flatten(blocks))


def flatten(blocks: Sequence[Block], between: str = "\n\n") -> tuple[Span, ...]:
    """Return blocks as one running text, for places that can hold no lists and no code blocks."""
    spans: list[Span] = []
    for block in blocks:
        if spans:
            spans.append(Span(between))
        match block:
            case Paragraph():
                spans += block.spans
            case Code():
                spans.append(Span(block.text, code=True))
            case Quote():
                spans += flatten(block.blocks, between)
            case Items():
                spans += _flatten_items(block)
            case Rule():
                spans.append(Span("———"))
    return tuple(spans)


def _flatten_items(block: Items) -> Iterator[Span]:
    for number, item in enumerate(block.items):
        mark = "•" if block.start is None else f"{block.start + number}."
        yield Span(f"\n{mark} " if number else f"{mark} ")
        for span in flatten(item, "\n"):
            yield replace(span, text=span.text.replace("\n", "\n  "))


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "paragraph" | "heading":
                if spans := _inline(node):
                    yield Paragraph(spans, is_heading=node.type == "heading")
            case "fence" | "code_block":
                if text := _code(node):
                    yield Code(text)
            case "blockquote":
                if quoted := tuple(_blocks(node.children)):
                    yield Quote(quoted)
            case "bullet_list" | "ordered_list":
                start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
                yield Items(tuple(tuple(_blocks(item.children)) for item in node.children), start)
            case "table":
                yield _table(node)
            case "hr":
                yield Rule()


def _code(node: SyntaxTreeNode) -> str:
    """Return the text of a code block; text after its fence is part of it, unless it names a language."""
    info = node.info.strip()
    lead = f"{info}\n" if info and not _LANGUAGE.fullmatch(info) else ""
    return (lead + node.content).strip("\n")


def _languages(root: SyntaxTreeNode) -> set[str]:
    fences = (node.info.strip() for node in root.walk() if node.type == "fence")
    return {info for info in fences if _LANGUAGE.fullmatch(info)}


def _table(node: SyntaxTreeNode) -> Code | Items:
    """Return a table in columns, or, if it is too wide, its rows as a list."""
    head, *rows = [[_inline(cell) for cell in row.children] for part in node.children for row in part.children]
    texts = [["".join(span.text for span in cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    if rows and sum(widths) + 2 * (len(widths) - 1) > TABLE_WIDTH:
        return Items(tuple((Paragraph(tuple(_named_cells(head, row))),) for row in rows))
    texts.insert(1, ["─" * width for width in widths])
    lines = ("  ".join(map(_padded, row, widths)).rstrip() for row in texts)
    return Code("\n".join(lines))


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _named_cells(head: Sequence[tuple[Span, ...]], row: Sequence[tuple[Span, ...]]) -> Iterator[Span]:
    for number, (name, cell) in enumerate(zip(head, row, strict=True)):
        if number:
            yield Span("\n")
        if name:
            yield from (replace(span, bold=True) for span in name)
            yield Span(": ")
        yield from cell


def _inline(node: SyntaxTreeNode) -> tuple[Span, ...]:
    """Return the text of a block, neighbours of one style put together."""
    joined: list[Span] = []
    for span in _spans([child for inline in node.children for child in inline.children], Span("")):
        last = joined[-1] if joined else Span("")
        if replace(last, text=span.text) == span and not span.is_address and joined:
            joined[-1] = replace(span, text=last.text + span.text)
        elif span.text:
            joined.append(span)
    return tuple(joined)


def _spans(nodes: Sequence[SyntaxTreeNode], style: Span) -> Iterator[Span]:
    for node in nodes:
        match node.type:
            case "softbreak" | "hardbreak":
                yield replace(style, text="\n")
            case "code_inline":
                yield replace(style, text=node.content, code=True)
            case "strong":
                yield from _spans(node.children, replace(style, bold=True))
            case "em":
                yield from _spans(node.children, replace(style, italic=True))
            case "s":
                yield from _spans(node.children, replace(style, strike=True))
            case "link":
                yield from _link(node, str(node.attrs.get("href", "")), style)
            case "image":
                yield from _link(node, str(node.attrs.get("src", "")), style)
            case _:
                yield replace(style, text=node.content)


def _link(node: SyntaxTreeNode, address: str, style: Span) -> Iterator[Span]:
    """Yield what a link says and where it leads, once if that is the same."""
    label = list(_spans(node.children, style))
    address = printable(address).removeprefix("mailto:").removeprefix("tel:")
    target = replace(style, text=address, is_address=_ADDRESS.fullmatch(address) is not None)
    words = "".join(span.text for span in label)
    if not address:
        yield from label
    elif not words.strip() or _bare(words) == _bare(address):
        yield target
    else:
        yield from label
        yield replace(style, text=" (")
        yield target
        yield replace(style, text=")")
    if title := str(node.attrs.get("title", "")):
        yield replace(style, text=f" “{title}”")


def _bare(address: str) -> str:
    return re.sub(r"^https?://", "", address.strip()).rstrip("/")

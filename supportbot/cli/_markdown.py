"""An answer as a terminal shows it: its Markdown in looks, each link with its address, nothing that hides.

What is no terminal gets the answer as it was written, so that a script can use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.style import Style
from rich.table import Table
from rich.text import Text

from supportbot.markdown import Block, Code, Items, Paragraph, Quote, Span, is_plain, read
from supportbot.printable import printable

_INDENT = (0, 0, 0, 4)


def print_answer(console: Console, text: str) -> None:
    """Print an answer."""
    blocks = read(text)
    if console.is_terminal and not is_plain(text, blocks):
        console.print(build_blocks(blocks), soft_wrap=False)
    else:
        console.print(Text(printable(text)))


def build_blocks(blocks: Sequence[Block]) -> Group:
    """Return what shows these blocks, an empty line between two."""
    shown: list[RenderableType] = []
    for block in blocks:
        if shown:
            shown.append(Text())
        shown.append(_build(block))
    return Group(*shown)


def _build(block: Block) -> RenderableType:
    match block:
        case Paragraph():
            return Text("", style="bold" if block.is_heading else "").join(_texts(block.spans))
        case Code():
            return Padding(Text(block.text, style="cyan", overflow="fold"), _INDENT)
        case Quote():
            return Padding(build_blocks(block.blocks), _INDENT, style="dim")
        case Items():
            rows = Table.grid(padding=(0, 1, 0, 0))
            for number, item in enumerate(block.items):
                mark = "•" if block.start is None else f"{block.start + number}."
                rows.add_row(Text(mark, justify="right", no_wrap=True), build_blocks(item))
            return rows
        case _:
            return Line(style="dim")


def _texts(spans: Sequence[Span]) -> Iterator[Text]:
    for span in spans:
        color = "cyan" if span.code else None
        style = Style(
            bold=span.bold, italic=span.italic, strike=span.strike, underline=span.is_address, color=color
        )
        yield Text(span.text, style=style, overflow="fold")

"""A table as lines of code with aligned columns, since Discord knows no tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it.token import Token

from bot.dialects.discord_addresses import parser, visible_link

_WIDEST_CELL = 30
"""Columns to which cells are filled up; a longer one pushes aside what follows it, in its own row alone."""


def tables(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each table of a text begins and ends, in lines, and what to show instead of it."""
    tokens = parser().parse(text) if "|" in text else []
    for number, token in enumerate(tokens):
        if token.type == "table_open" and token.map is not None:
            begin, end = token.map
            yield begin, end, "\n".join(_rows(tokens[number:]))


def _rows(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the lines of a table, its columns aligned as they were meant.

    Args:
        tokens: from the opening of the table on.
    """
    rows: list[list[str]] = []
    to_the_right: list[bool] = []
    for token, content in pairwise(tokens):
        match token.type:
            case "table_close":
                break
            case "tr_open":
                rows.append([])
            case "th_open" | "td_open":
                rows[-1].append(_cell(content.children or []))
                if len(rows) == 1:
                    to_the_right.append("right" in str(token.attrs.get("style", "")))
    widths = [min(_WIDEST_CELL, max(map(_width, column))) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        cells = zip(row, widths, to_the_right, strict=True)
        yield "  ".join(_filled(cell, width, right) for cell, width, right in cells).rstrip()


def _filled(cell: str, width: int, to_the_right: bool) -> str:
    blanks = " " * (width - _width(cell))
    return blanks + cell if to_the_right else cell + blanks


def _width(cell: str) -> int:
    """Return how many columns of a terminal a text takes; signs of Chinese, Japanese and Korean take two."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in cell
    )


def _cell(tokens: Sequence[Token]) -> str:
    """Return what a cell says, without marks that code would show."""
    shown, begin, address = "", 0, ""
    for token in tokens:
        match token.type:
            case "link_open":
                begin, address = len(shown), str(token.attrs["href"])
            case "link_close":
                shown = shown[:begin] + visible_link(shown[begin:], address, in_code=True)
            case "image":
                shown += visible_link(token.content, str(token.attrs["src"]), in_code=True)
            case _:
                shown += token.content
    return shown.strip()

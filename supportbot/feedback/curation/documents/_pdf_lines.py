"""The lines of a PDF: a PDF has no lines and no paragraphs, only text at places, in fonts of a size.

pypdf hands over runs of text as they were drawn. Here they become lines with a size, and lines at the edge of most
pages, such as a running title or a page's number, go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PageObject

_PAGES_TO_COMPARE = 3
"""Fewer pages say nothing about what all pages have."""

_EDGE = 2
"""Lines at either end of a page that may be a running title and a page's number."""

_PAGE_NUMBER = re.compile(
    r"(?:page\s*|seite\s*)?(?:\d+|[ivxlc]+)(?:\s*(?:/|of|von)\s*\d+)?|[-–]\s*\d+\s*[-–]", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        text: without white space around it.
        page: from 0.
        height: of its letters, in points of 1/72 inch.
        place: of its foot above that of the page, in points.
        bold: whether all of it is.
    """

    text: str
    page: int
    height: float
    place: float
    bold: bool


def lines_of(pages: Sequence[PageObject]) -> list[Line]:
    """Return the lines of a PDF, without running titles and page numbers."""
    found = [_lines(page, number) for number, page in enumerate(pages)]
    edges = Counter(mark for page in found for mark in {_mark(line) for line in (*page[:_EDGE], *page[-_EDGE:])})
    running = {
        mark for mark, pages_with_it in edges.items() if pages_with_it >= max(_PAGES_TO_COMPARE, len(found) / 2)
    }
    return [
        line
        for page in found
        for at, line in enumerate(page)
        if not (
            (at < _EDGE or at >= len(page) - _EDGE)
            and (_mark(line) in running or _PAGE_NUMBER.fullmatch(line.text))
        )
    ]


def _mark(line: Line) -> str:
    return _DIGITS.sub("0", line.text.casefold())


@dataclass(slots=True)
class _Run:
    text: str
    height: float
    place: float
    bold: bool


def _lines(page: PageObject, number: int) -> list[Line]:
    rows: list[list[_Run]] = [[]]

    def drawn(text: str, outer: list[float], inner: list[float], font: dict[str, Any] | None, size: float) -> None:
        # Both matrices scale: the outer one the page, the inner one the text.
        height = round(abs(size * (inner[3] or inner[1]) * (outer[3] or outer[1])), 1)
        place = inner[5] * outer[3] + outer[5]
        bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
        first, *others = text.split("\n")
        rows[-1].append(_Run(first, height, place, bold))
        rows.extend([_Run(other, height, place, bold)] for other in others)

    page.extract_text(visitor_text=drawn)
    return [line for row in rows if (line := _line(row, number)) is not None]


def _line(row: Sequence[_Run], page: int) -> Line | None:
    text = " ".join("".join(run.text for run in row).split())
    if not text:
        return None
    seen = [run for run in row if run.text.strip()]
    heights: Counter[float] = Counter()
    for run in seen:
        heights[run.height] += len(run.text)
    return Line(text, page, heights.most_common(1)[0][0], seen[0].place, all(run.bold for run in seen))

"""What pages share: tables that are lists on a phone, moments, beginnings of texts, and ways between parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nicegui.elements.mixins.text_element import TextElement

from bot.web.nodes import node
from supportbot import markdown
from supportbot.printable import shortened
from supportbot.words import Words

_READ = 4
"""Times as many characters of a text are looked at as are shown: blanks and signs of Markdown go."""


class Table:
    """A table with a heading for each column; on a phone each cell says its heading itself.

    Args:
        label: what it is a table of.
        headings: of the columns.
    """

    def __init__(self, label: str, headings: Sequence[str]) -> None:
        self._headings = headings
        with node("table", aria_label=label, role="table"):
            with node("thead", role="rowgroup"), node("tr", role="row"):
                for heading in headings:
                    node("th", heading, scope="col", role="columnheader")
            self._body = node("tbody", role="rowgroup")

    def row(self) -> list[TextElement]:
        """Add a row, and return its empty cells."""
        with self._body, node("tr", role="row"):
            return [
                node("td", role="cell", **({"data_label": heading} if heading else {}))
                for heading in self._headings
            ]


def moment(at: datetime, words: Words) -> TextElement:
    """Return day and time of a moment, in UTC as everything that is logged."""
    day, time = words.day(at), f"{at:%H:%M}"
    text = words.say("{day}, {time} UTC", day=day, time=time)
    return node("time", text, datetime=at.isoformat())


def parts(label: str, ways: Sequence[tuple[str, str]], current: str) -> None:
    """Build the way between the parts of a page.

    Args:
        label: for screen readers.
        ways: the address and the title of each part.
        current: the address of the one that is shown.
    """
    with node("nav", classes="parts", aria_label=label):
        for address, title in ways:
            node("a", title, href=address, **({"aria_current": "page"} if address == current else {}))


def shortened_answer(text: str, most: int) -> str:
    """Return the beginning of an answer in one line, without the signs of Markdown."""
    return shortened(markdown.to_text(markdown.read(text[: _READ * most])), most)

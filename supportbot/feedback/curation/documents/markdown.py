"""A Markdown document: its headings, and beneath each its own lines as they are.

Three things are fixed, because a passage leaves its page: links whose addresses are at the page's end get them
back, comments are removed, and the title in the settings of a site generator is the title of the page. Terms and
folding boxes written in HTML are headings too, so a page with those is read as HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from supportbot.feedback.curation.documents import pages
from supportbot.feedback.curation.documents.sections import Section

if TYPE_CHECKING:
    from markdown_it.token import Token

_TITLES_IN_HTML = re.compile(r"<(?:summary|dt)\b", re.IGNORECASE)
_SETTINGS = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*(['\"]?)(.+?)\1\s*$", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
_DEFINITION = re.compile(r" {0,3}\[([^\[\]]+)\]:\s*\S")


def sections(text: str) -> list[Section]:
    """Return the sections of a Markdown text."""
    from markdown_it import MarkdownIt  # wanted for Markdown only

    text = re.sub(r"\r\n?", "\n", text)
    title = ""
    if settings := _SETTINGS.match(text):
        title = found[2] if (found := _TITLE.search(settings[0])) else ""
        text = text[settings.end() :]
    if _TITLES_IN_HTML.search(text):
        return pages.sections(MarkdownIt().enable("table").render(text))
    environment: dict[str, Any] = {}
    tokens = MarkdownIt().parse(text, environment)
    lines = _mended(text.split("\n"), tokens, environment.get("references", {}))
    # Headings inside quotations and lists are deeper than level 0, and part of a text.
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    places = [tokens[at].map or [0, 0] for at in starts]
    ends = [begin for begin, _ in places] + [len(lines)]
    return [
        Section(0, title, _joined(lines[: ends[0]])),
        *(
            Section(int(tokens[at].tag[1]), _plain(tokens[at + 1]), _joined(lines[beneath:end]))
            for at, (_, beneath), end in zip(starts, places, ends[1:], strict=True)
        ),
    ]


def _mended(lines: list[str], tokens: list[Token], references: dict[str, dict[str, str]]) -> list[str]:
    """Return the lines without comments, and with addresses in their links; their number stays the same."""
    code: set[int] = set()
    for token in tokens:
        begin, end = token.map or (0, 0)
        if token.type in {"fence", "code_block"}:
            code.update(range(begin, end))
        elif token.type == "html_block" and token.content.lstrip().startswith("<!--"):
            lines[begin:end] = [""] * (end - begin)
    if not references:
        return lines
    addresses = {label.casefold(): each["href"] for label, each in references.items()}

    def address_in(found: re.Match[str]) -> str:
        address = addresses.get((found[2] or found[1]).casefold())
        return found[0] if address is None else f"[{found[1]}]({address})"

    for number, line in enumerate(lines):
        if number not in code:
            defined = _DEFINITION.match(line)
            is_definition = defined is not None and defined[1].casefold() in addresses
            lines[number] = "" if is_definition else _LINK.sub(address_in, line)
    return lines


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _plain(title: Token) -> str:
    """Return the text of a heading without the signs of Markdown."""
    kinds = {"softbreak": " ", "html_inline": "", "image": ""}
    return " ".join("".join(kinds.get(part.type, part.content) for part in title.children or []).split())

"""HTML as readable text: what a person would see, with a link's address behind it.

selectolax parses as browsers do, unclosed and misplaced tags included; this module only writes down what it
found: paragraphs and line breaks as such, list items as lines with "- " or their number, the cells of a table
divided by bars. Text without real tags is left alone, so ``<`` in prose, code in Markdown and ``<placeholder>``
stay.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_INLINE = r"a|abbr|b|br|code|del|em|font|i|img|ins|mark|s|small|span|strike|strong|su[bp]|t[hd]|tbody|thead|u"
_BLOCKS = {
    # Lines that part a block from its neighbours: 2 leave an empty one between.
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"), 2),
    **dict.fromkeys(("table", "ul", "ol", "dl", "details", "figure"), 2),
    **dict.fromkeys(("div", "section", "article", "main", "header", "address"), 1),
    **dict.fromkeys(("li", "tr", "dt", "dd", "summary", "figcaption"), 1),
}
_HIDDEN = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "iframe",
        "select",
        "textarea",
        "nav",
        "footer",
        "aside",
        "-comment",
    )
)
_FOLDED = 7
"""The level of a title that is no heading: a term of a list, or the summary of a box that folds."""

_LINKS = ("http://", "https://", "mailto:", "tel:")

# Not behind ` or \, which in Markdown keep a tag from being one.
_TAG = re.compile(rf"(?<![`\\])</?(?:{_INLINE}|{'|'.join(_BLOCKS)})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{'|'.join(_BLOCKS)})\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z]+\d*|#\d+|#x[\da-f]+);", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>[ \t]*\r?\n?|\r?\n", re.IGNORECASE)


@dataclass(slots=True)
class Passage:
    """A title, if it has one, with the text beneath it.

    Attributes:
        title: the text of a heading.
        level: of the heading: 1 to 6, or 7 inside a list of terms or a box that folds; 0 without a title.
        body: the text until the next heading.
    """

    title: str = ""
    level: int = 0
    body: str = ""


def readable(text: str) -> str:
    """Return a text without its tags, if it has any."""
    if "<" in text and "```" not in text and _TAG.search(text):
        if not _BLOCK.search(text):
            # Bare text with some tags in it: here a line's end is one.
            text = _BREAK.sub("<br>", text)
        return passages(text, ())[0].body
    if "&" in text:
        return _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def passages(text: str, titles: tuple[str, ...]) -> list[Passage]:
    """Return the text of a page, split at its titles.

    Args:
        text: HTML, a page or part of one.
        titles: the tags of titles; without any the whole is one passage.
    """
    from selectolax.lexbor import LexborHTMLParser  # wanted for HTML only

    body = LexborHTMLParser(text).body
    writer = _Writer()
    for node, begins in _walk(body) if body else ():
        tag = node.tag or ""
        if tag in titles:
            writer.title(int(tag[1]) if tag[1:].isdecimal() else _FOLDED, begins=begins)
        elif begins:
            writer.begin(tag, node)
        else:
            writer.end(tag, node)
            if titles and tag in {"dl", "details"}:
                writer.close()
    writer.close()
    return writer.passages


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield every node when it begins and when it ends; a page may be nested deeper than Python calls."""
    stack = [(root, True)]
    while stack:
        node, begins = stack.pop()
        yield node, begins
        if begins and node.tag not in _HIDDEN:
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(list(node.iter(include_text=True))))


@dataclass(slots=True)
class _Writer:
    """Writes text down as it comes, with the white space that a browser would leave."""

    passages: list[Passage] = field(default_factory=lambda: [Passage()])
    _text: list[str] = field(default_factory=list)
    _breaks: int = 0
    """Line ends before the next text."""
    _bullet: str = ""
    _lists: list[int] = field(default_factory=list)
    """Of every list around: 0, or the number of its next item."""
    _links: list[int] = field(default_factory=list)
    """Of every link around: where its text begins."""
    _verbatim: int = 0

    def begin(self, tag: str, node: LexborNode) -> None:
        if tag == "-text":
            self._write(node.text_content or "")
        elif tag == "br":
            self._breaks += 1
        elif tag == "img":
            self._write(node.attributes.get("alt") or "")
        elif tag == "a":
            self._links.append(len(self._text))
        elif tag in {"td", "th"} and self._text and not self._breaks:
            self._text.append(" | ")
        self._block(tag)
        if tag in {"ul", "ol"}:
            self._lists.append(int(tag == "ol"))
        elif tag == "li":
            self._item()
        self._verbatim += tag == "pre"

    def end(self, tag: str, node: LexborNode) -> None:
        if tag == "a":
            self._link(node.attributes.get("href") or "")
        elif tag in {"ul", "ol"}:
            self._lists.pop()
        self._block(tag)
        self._verbatim -= tag == "pre"

    def title(self, level: int, *, begins: bool) -> None:
        """Begin a title, or end it and begin what is beneath it."""
        if begins:
            self.close()
            self.passages[-1].level = level
        else:
            self.passages[-1].title = " ".join(self._taken().split())

    def close(self) -> None:
        """End the passage; what follows has no title."""
        self.passages[-1].body = self._taken()
        self.passages.append(Passage())

    def _write(self, text: str) -> None:
        if not self._verbatim:
            text = re.sub(r"\s+", " ", text)
            if self._breaks or not self._text or self._text[-1][-1].isspace():
                text = text.lstrip()
        if not text:
            return
        if self._breaks and self._text:
            self._text[-1] = self._text[-1].rstrip(" ")
            self._text.append("\n" * min(self._breaks, 2))
        self._text.append(self._bullet + text)
        self._breaks, self._bullet = 0, ""

    def _block(self, tag: str) -> None:
        parted = _BLOCKS.get(tag, 0)
        self._breaks = max(self._breaks, min(parted, 1) if self._lists else parted)

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._bullet = "  " * (len(self._lists) - 1) + (f"{number}. " if number else "- ")
        if number:
            self._lists[-1] += 1

    def _link(self, address: str) -> None:
        """Write an address behind the text of its link, unless the text says it or the address leads nowhere."""
        start = self._links.pop()
        shown = "".join(self._text[start:])
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if not address.startswith(_LINKS) or bare in shown:
            return
        if not shown.strip():
            self._write(address)
            return
        end = shown.rstrip()
        self._text[start:] = [f"{end} ({address}){shown[len(end) :]}"]

    def _taken(self) -> str:
        text = "".join(self._text).strip()
        self._text, self._breaks, self._bullet = [], 0, ""
        self._links = [0 for _ in self._links]
        return text

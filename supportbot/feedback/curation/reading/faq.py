"""A FAQ as a page, in Markdown or HTML: a heading is a question if there is a text directly beneath it.

A heading that only groups others has no such text. The title of a page may have one, an introduction, so a first
heading that is alone on its level with others beneath it is none either, unless it asks something. And beneath a
heading that asks, deeper ones that don't are steps of its answer. In HTML the terms of a list and the boxes that
fold are headings too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.markup import passages
from supportbot.feedback.curation.reading.opening import Encoding, File, troubles
from supportbot.feedback.curation.reading.source import Record, Source

if TYPE_CHECKING:
    from markdown_it.token import Token

_TITLES = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary")
_ASKS = ("?", "\N{FULLWIDTH QUESTION MARK}", "\N{ARABIC QUESTION MARK}")
_TITLES_IN_MARKDOWN = re.compile(r"<(?:summary|dt)\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""Settings of a site generator before a page; Markdown itself would take their last line for a heading."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading with what is beneath it until the next one; ``whole`` is both, as an answer has it."""

    number: int
    level: int
    title: str
    body: str
    whole: str

    @property
    def asks(self) -> bool:
        return self.title.rstrip().endswith(_ASKS)


def markdown_sources(file: File) -> list[Source]:
    """Return the one FAQ of a Markdown file; an answer stays Markdown, and its number is the heading's line.

    Raises:
        ImportFileError: the file cannot be read, or has no questions.
    """
    text, encoding = _text(file)
    if _TITLES_IN_MARKDOWN.search(text):
        from markdown_it import MarkdownIt  # wanted for Markdown only

        return [_source(file, "Markdown", encoding, "heading", _html_sections(MarkdownIt().render(text)))]
    return [_source(file, "Markdown", encoding, "line", _markdown_sections(text))]


def html_sources(file: File) -> list[Source]:
    """Return the one FAQ of a page; its rows are numbered by their headings.

    Raises:
        ImportFileError: the file cannot be read, or has no questions.
    """
    text, encoding = _text(file)
    return [_source(file, "HTML", encoding, "heading", _html_sections(text))]


def _text(file: File) -> tuple[str, Encoding]:
    encoding = file.encoding()
    with troubles(file.path), file.open_text(encoding) as content:
        text = re.sub(r"\r\n?", "\n", content.read())
    return _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), text), encoding


def _source(file: File, kind: str, encoding: Encoding, unit: str, sections: Sequence[_Section]) -> Source:
    found = list(_entries(sections))
    if not found:
        raise ImportFileError(
            f"'{file.path}' has no questions: write each as a heading with its answer below, or "
            "use a table with the columns question and answer."
        )
    return Source(
        kind=f"{kind} with questions as headings, {encoding.name}",
        unit=unit,
        names=("question", "answer"),
        records=lambda: iter(found),
        markup=False,
    )


def _entries(sections: Sequence[_Section]) -> Iterator[Record]:
    levels = [section.level for section in sections]
    if sections and levels.count(levels[0]) == 1 and min(levels) == levels[0] and len(levels) > 1:
        sections = sections if sections[0].asks else sections[1:]
    position = 0
    while position < len(sections):
        section = sections[position]
        position += 1
        if not section.body:
            continue
        answer = [section.body]
        while section.asks and position < len(sections):
            deeper = sections[position]
            if deeper.level <= section.level or deeper.asks:
                break
            answer.append(deeper.whole)
            position += 1
        yield Record(section.number, {"question": section.title, "answer": "\n\n".join(answer)})


def _html_sections(text: str) -> list[_Section]:
    found = [passage for passage in passages(text, _TITLES) if passage.title]
    return [
        _Section(number, each.level, each.title, each.body, f"{each.title}\n{each.body}")
        for number, each in enumerate(found, start=1)
    ]


def _markdown_sections(text: str) -> list[_Section]:
    from markdown_it import MarkdownIt  # wanted for Markdown only

    lines = text.split("\n")
    tokens = MarkdownIt().parse(text)
    # Headings inside quotations and lists are deeper than level 0, and part of a text.
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    places = [tokens[at].map or [0, 0] for at in starts]
    ends = [begin for begin, _ in places[1:]] + [len(lines)]
    return [
        _Section(
            begin + 1,
            int(tokens[at].tag[1]),
            _plain(tokens[at + 1]),
            "\n".join(lines[beneath:end]).strip(),
            "\n".join(lines[begin:end]).strip(),
        )
        for at, (begin, beneath), end in zip(starts, places, ends, strict=False)
    ]


def _plain(title: Token) -> str:
    """Return the text of a heading without the signs of Markdown."""
    parts = [" " if token.type == "softbreak" else token.content for token in title.children or []]
    return " ".join("".join(parts).split())

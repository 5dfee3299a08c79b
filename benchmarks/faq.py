"""A FAQ to measure answers with: known wordings, held-out ones, and questions without an answer.

This module knows files and the starter's FAQ; it asks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supportbot.errors import SupportBotError
from supportbot.feedback.curation.reading import Row as ReadRow
from supportbot.feedback.curation.reading import read_table
from training.starter.data import load_faq

_HELD_OUT = 5
"""One in this many wordings of an answer is held out, unless a file with held-out ones is given."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question with the answer that is right."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Task:
    """The known and the asked questions; ``is_starters`` marks the FAQ that the starter model was trained on."""

    known: tuple[Row, ...]
    asked: tuple[Row, ...]
    foreign: tuple[str, ...]
    is_starters: bool = False


def read_task(data: Path | None, held_out: Path | None, out_of_scope: Path | None) -> Task:
    """Return the FAQ.

    Raises:
        SupportBotError: a file cannot be read, or has no such rows.
    """
    if data is None:
        faq = load_faq()
        known = tuple(Row(text, topic.answer) for topic in faq.topics for text in topic.wordings)
        asked = tuple(Row(text, topic.answer) for topic in faq.topics for text in topic.held_out)
        return Task(known, asked, faq.out_of_scope, is_starters=True)
    rows = _read_rows(data)
    known, asked = (rows, _read_rows(held_out)) if held_out else _split(rows)
    if not asked:
        raise SupportBotError(
            f"No answer of '{data}' has {_HELD_OUT} wordings, so none is held out: give others with --held-out."
        )
    foreign = _read(out_of_scope).splitlines() if out_of_scope else []
    return Task(known, asked, tuple(line.strip() for line in foreign if line.strip()))


def _split(rows: tuple[Row, ...]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Hold out the last of every five wordings of each answer."""
    known: list[Row] = []
    asked: list[Row] = []
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.answer] = seen.get(row.answer, 0) + 1
        (known if seen[row.answer] % _HELD_OUT else asked).append(row)
    return tuple(known), tuple(asked)


def _read_rows(path: Path) -> tuple[Row, ...]:
    """Return the rows of a file, as the importer reads them."""
    rows = [row for row in read_table(path).rows() if isinstance(row, ReadRow)]
    if not rows:
        raise SupportBotError(f"'{path}' has no rows: give lines with question and answer.")
    return tuple(Row(text, row.answer) for row in rows for text in (row.question, *row.wordings))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SupportBotError(f"'{path}' cannot be read: {error}.") from error

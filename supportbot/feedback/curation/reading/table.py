"""Rows: what the values of a file mean, once it is known which column is what.

A row without a question or without an answer is nobody's mistake (a table has empty rows and unfinished ones),
so it is passed over and said so. A line that must be fixed stops the reading: the rest of the file is searched
for more of its kind, so that one sentence names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from supportbot.engine.prompt import prompt_text
from supportbot.feedback.curation.origins import PREFIX, Origin
from supportbot.feedback.curation.reading.columns import Chosen, Columns, understand
from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.markup import readable
from supportbot.feedback.curation.reading.opening import troubles
from supportbot.feedback.curation.reading.source import Bad, Record, Source, complaint

_LOGGED = ("votes", "correction", "human")
"""Sources of exported rows that came from what people said."""

_EXPORT_ANEW = "Export the rows again: their origin says whose consent they need."

_BAD_LABELS = frozenset({"bad", "false"})
"""How a table spells the label of a bad answer: ours, and TRL's when it was saved as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A question with its answer.

    Attributes:
        line: the number to find it by; ``Table.unit`` says of what.
        question: as somebody asks it.
        answer: readable text; Markdown stays Markdown.
        wordings: other ways to ask the same, none of them twice.
        rejected: an answer that is worse.
        label_good: false only where the file calls the answer bad.
        conversation: what rows belong together.
        origin: where an exported row came from; ``origins.Origin`` reads it.
    """

    line: int
    question: str
    answer: str
    wordings: tuple[str, ...] = ()
    rejected: str | None = None
    label_good: bool = True
    conversation: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was passed over; ``reason`` goes on from "line 7"."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that was understood.

    Attributes:
        path: the file.
        source: its records.
        layout: which of its columns is what.
        chosen: what the operator said of that.
    """

    path: Path
    source: Source
    layout: Columns
    chosen: Chosen

    @property
    def kind(self) -> str:
        """What the file is, in words for a person, such as "CSV with semicolons, Windows-1252"."""
        return self.source.kind

    @property
    def columns(self) -> Mapping[str, str]:
        """Which column is ``question`` and ``answer``, and, if any, ``wordings``, ``rejected`` and so on."""
        return self.layout.named()

    @property
    def unit(self) -> str:
        """What ``Row.line`` counts: line, row, entry or heading."""
        return self.source.unit

    def rows(self) -> Iterator[Row | Skipped]:
        """Read the file from the beginning, as often as it is called.

        Raises:
            ImportFileError: it has lines that must be fixed, or cannot be read to its end.
        """
        bad: list[Bad] = []
        with troubles(self.path):
            for record in self.source.records():
                row = record if isinstance(record, Bad) else self._row(record)
                if isinstance(row, Bad):
                    bad.append(row)
                elif not bad:
                    yield row
        if bad:
            raise ImportFileError(complaint(self.path, self.unit, bad))

    def _row(self, record: Record) -> Row | Skipped | Bad:
        values = record.values
        # Lines of JSON may differ in their names, so each is understood by its own.
        columns = understand(tuple(values), self.chosen) or self.layout
        questions, answer = _dialogue(values, columns) if columns.messages else _texts(values, columns)
        questions = [self._clean(text.removeprefix(prompt_text(""))) for text in questions]
        questions = [text for text in questions if text.strip()]
        answer = self._clean(answer)
        if not questions or not answer.strip():
            missing = "question" if answer.strip() else "answer" if questions else "question and no answer"
            return Skipped(record.line, f"has no {missing}")
        conversation = values.get(columns.conversation) if columns.conversation else None
        if isinstance(conversation, bool | list | dict):
            return Bad(record.line, "has a conversation that is not text")
        origin = _text(values.get(columns.origin)).strip() if columns.origin else ""
        if not _is_readable(origin):
            return Bad(record.line, "has an origin that is not as `supportbot export` wrote it", _EXPORT_ANEW)
        if not origin and _is_of_a_log(values):
            return Bad(record.line, "comes from a log, but does not say which", _EXPORT_ANEW)
        label = values.get(columns.label) if columns.label else None
        rejected = self._clean(_text(values.get(columns.rejected))) if columns.rejected else ""
        # Backwards, so that of two that differ in white space only the first one's text stays.
        by_text = {text.strip(): text for text in reversed(questions)}
        question, *wordings = (by_text[text] for text in dict.fromkeys(map(str.strip, questions)))
        return Row(
            line=record.line,
            question=question,
            answer=answer,
            wordings=tuple(wordings),
            rejected=rejected or None,
            label_good=not (
                label is False or (isinstance(label, str) and label.strip().casefold() in _BAD_LABELS)
            ),
            conversation=_storable(_text(conversation)) or None,
            origin=origin if origin.startswith(PREFIX) else None,  # else it is a column of somebody's own
        )

    def _clean(self, text: str) -> str:
        return _storable(readable(text) if self.source.markup else text)


def _is_readable(origin: str) -> bool:
    if not origin.startswith(PREFIX):
        return True
    try:
        Origin.parse(origin)
    except ValueError:
        return False
    return True


def _is_of_a_log(values: Mapping[str, object]) -> bool:
    """Return whether an export wrote this row, by the columns that nobody else has together."""
    return values.get("example_id") is not None and values.get("source") in _LOGGED


def _texts(values: Mapping[str, object], columns: Columns) -> tuple[list[str], str]:
    """Return the wordings of a question, and the answer."""
    questions: list[str] = []
    for name in columns.questions:
        value = values.get(name)
        several = isinstance(value, list) and not any(isinstance(each, dict) for each in value)
        questions += [_text(each) for each in value] if several and isinstance(value, list) else [_text(value)]
    if columns.context and questions and (context := _text(values.get(columns.context)).strip()):
        questions[0] = f"{questions[0]}\n{context}"
    return questions, _text(values.get(columns.answer)) if columns.answer else ""


def _dialogue(values: Mapping[str, object], columns: Columns) -> tuple[list[str], str]:
    """Return the last answer of a dialogue, and the question before it."""
    messages = values.get(columns.messages or "")
    question = answer = ""
    asked = ""
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and message.get("role") == "user":
            asked = _text(message.get("content"))
        elif isinstance(message, dict) and message.get("role") == "assistant":
            question, answer = asked, _text(message.get("content"))
    return [question], answer


def _text(value: object) -> str:
    """Return a value as text; of a list of messages or of their parts the last that has some."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return str(int(value)) if value == value // 1 else str(value)
    if isinstance(value, dict):
        return _text(value.get("content") or value.get("text"))
    if isinstance(value, list):
        return next(filter(None, map(_text, reversed(value))), "")
    return ""


def _storable(text: str) -> str:
    """Return what a database holds of a text: JSON may spell out NUL and half a character."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")

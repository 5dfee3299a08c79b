"""Rows of a JSON Lines file, as somebody wrote them or as ``supportbot export`` does.

A row has ``question`` and ``answer``, or ``prompt`` and ``completion`` (of pairs: ``chosen``) in the format of
``supportbot.engine.prompt``, which is taken off again. It belongs to the split that an import of the file would
put it into, so what trains a model from here is not what measures one from the database.

This module knows no database, no token and no model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.db.states import ExampleLabel, Split
from supportbot.engine.prompt import prompt_text
from supportbot.errors import ConfigError
from supportbot.feedback.curation import keys
from supportbot.feedback.curation.keys import split_of
from supportbot.intake.questions import printable
from supportbot.redact import redact

EMPTY = "empty question or answer"
"""Why a row with nothing to ask or to say is left out."""

_KEYS = {"question": ("question", "prompt"), "answer": ("answer", "completion", "chosen")}
"""The names of each text: ours, and those of an export."""

_TOPICS = ("topic", "intent")
"""Either names what a row is about, where a file says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A line of a file.

    Attributes:
        number: of the line, from 1.
        question: stripped; may be empty.
        answer: likewise.
        label: whether the answer is a good one, where the line says so.
        topic: what it is about, where the line says so.
        conversation: what it is split by, see ``conversation_of``.
    """

    number: int
    question: str
    answer: str
    label: ExampleLabel | None
    topic: str | None
    conversation: str

    @property
    def split(self) -> Split:
        """Whether it is for training or for measuring."""
        return split_of(self.conversation)


def read_rows(path: Path, *, keep: Collection[str] = ()) -> Iterator[FileRow]:
    """Yield the rows of a file.

    Args:
        path: JSON Lines in UTF-8.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ConfigError: the file cannot be read, or a line is no row; the sentence says which.
    """
    for number, entry in _lines(path):
        if not isinstance(entry, dict):
            raise ConfigError(f"Line {number} of '{path}' must be an object with `question` and `answer`.")
        where = f"Line {number} of '{path}'"
        question = _text(entry, "question", where).removeprefix(prompt_text("")).strip()
        named = entry.get("conversation")
        yield FileRow(
            number=number,
            question=question,
            answer=_text(entry, "answer", where).strip(),
            label=_label(entry.get("label")),
            topic=next((str(entry[key]) for key in _TOPICS if entry.get(key)), None),
            conversation=conversation_of(question, named if isinstance(named, str) else None, keep=keep),
        )


def conversation_of(question: str, named: str | None = None, *, keep: Collection[str] = ()) -> str:
    """Return what a row of a file is split by: the conversation that the file names, else its question.

    The question counts without personal data, letter case and punctuation, as the database has it.
    """
    return keys.conversation_of("" if named else redact(printable(question), keep=keep).text, named)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _parse(line, number, path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"'{path}' cannot be read as UTF-8 text: {error}.") from error


def _parse(line: str, number: int, path: Path) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"Line {number} of '{path}' is not valid JSON: {error}.") from error


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    text = next((entry[key] for key in _KEYS[name] if key in entry), None)
    if not isinstance(text, str):
        raise ConfigError(f"{where} needs a text under `{name}`.")
    return text


def _label(value: object) -> ExampleLabel | None:
    """Return the label of our own files (``good``, ``bad``) or of TRL's (true, false)."""
    if isinstance(value, bool):
        return ExampleLabel.GOOD if value else ExampleLabel.BAD
    return next((label for label in ExampleLabel if label == value), None)

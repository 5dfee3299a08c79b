"""Rows of a JSON Lines file, as somebody wrote them or as ``supportbot export`` does.

A row has ``question`` and ``answer``, or ``prompt`` and ``completion`` (of pairs: ``chosen``) in the format of
``supportbot.engine.prompt``, which is removed. It belongs to the split into which a first import of the file would
put it, so training rows from here are not measuring rows from the database. The split depends on all wordings of
an answer, so a file is read twice.

This module knows no database, no token and no model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from supportbot.db.states import ExampleLabel, Split
from supportbot.engine.prompt import prompt_text
from supportbot.errors import ConfigError
from supportbot.feedback.curation import keys
from supportbot.feedback.curation.held_out import Wordings
from supportbot.feedback.curation.keys import split_of
from supportbot.feedback.curation.origins import PREFIX, Origin
from supportbot.knowledge.store import answer_key
from supportbot.printable import printable
from supportbot.redact import redact

EMPTY = "empty question or answer"
"""The reason for leaving out a row without a question or an answer."""

_KEYS = {"question": ("question", "prompt"), "answer": ("answer", "completion", "chosen")}
"""The names of each text: ours, and those of an export."""

_TOPICS = ("topic", "intent")
"""Either names the topic of a row, if a file has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A line of a file.

    Attributes:
        number: of the line, from 1.
        question: stripped; may be empty.
        answer: likewise.
        label: whether the answer is good, if the line says so.
        topic: its name, if the line has one.
        conversation: the one that the file names, or its question, see ``conversation_of``.
        split: whether it is for training or for measuring.
        origin: of a row that `supportbot export` wrote.
    """

    number: int
    question: str
    answer: str
    label: ExampleLabel | None
    topic: str | None
    conversation: str
    split: Split
    origin: Origin | None


def read_rows(path: Path, *, keep: Collection[str] = ()) -> Iterator[FileRow]:
    """Yield the rows of a file.

    Args:
        path: JSON Lines in UTF-8.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ConfigError: the file cannot be read, or a line is no row; the sentence says which.
    """
    with closing(Wordings()) as wordings:
        for row, is_named in _read(path, keep):
            if is_named:
                wordings.settle(conversation_of(row.question, keep=keep), row.split)
            if row.question and row.answer and row.label is not ExampleLabel.BAD:
                asked = conversation_of(row.question, keep=keep) if is_named else row.conversation
                wordings.add(answer_key(row.answer), asked)
        held = wordings.held_out()
    for row, is_named in _read(path, keep):
        if not is_named and row.conversation in held:
            row = replace(row, split=Split.HELD_OUT)
        yield row


def _read(path: Path, keep: Collection[str]) -> Iterator[tuple[FileRow, bool]]:
    """Yield each row and whether it names its conversation; without one, it is a training row for now."""
    for number, entry in _lines(path):
        if not isinstance(entry, dict):
            raise ConfigError(f"Line {number} of '{path}' must be an object with `question` and `answer`.")
        where = f"Line {number} of '{path}'"
        question = _text(entry, "question", where).removeprefix(prompt_text("")).strip()
        named = entry.get("conversation")
        named = named if named and isinstance(named, str) else None
        conversation = conversation_of(question, named, keep=keep)
        row = FileRow(
            number=number,
            question=question,
            answer=_text(entry, "answer", where).strip(),
            label=_label(entry.get("label")),
            topic=next((str(entry[key]) for key in _TOPICS if entry.get(key)), None),
            conversation=conversation,
            split=split_of(conversation) if named else Split.TRAIN,
            origin=_origin(entry, where),
        )
        yield row, named is not None


def origins_in(path: Path) -> Iterator[Origin]:
    """Yield the origins of a file's rows, as far as they have one.

    Raises:
        ConfigError: as ``read_rows`` does.
    """
    for number, entry in _lines(path):
        if isinstance(entry, dict) and (origin := _origin(entry, f"Line {number} of '{path}'")):
            yield origin


def conversation_of(question: str, named: str | None = None, *, keep: Collection[str] = ()) -> str:
    """Return the key by which a row of a file is split: its conversation, else its question.

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


def _origin(entry: Mapping[str, Any], where: str) -> Origin | None:
    """Return the origin of a row; a column of that name without our format is somebody's own."""
    text = entry.get("origin")
    if not isinstance(text, str) or not text.startswith(PREFIX):
        return None
    try:
        return Origin.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"{where} has an origin that differs from what `supportbot export` wrote: export the rows again."
        ) from error


def _label(value: object) -> ExampleLabel | None:
    """Return the label of our own files (``good``, ``bad``) or of TRL's (true, false)."""
    if isinstance(value, bool):
        return ExampleLabel.GOOD if value else ExampleLabel.BAD
    return next((label for label in ExampleLabel if label == value), None)

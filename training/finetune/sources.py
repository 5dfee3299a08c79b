"""Where the rows of a run come from: the approved rows of the database, or a file of questions and answers.

Both are read one row at a time. A file knows no conversations, so its questions stand for them: the same question
is held out today and in a year, here and in the database.

This module knows no tokens.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from supportbot.db.session import Database
from supportbot.errors import ConfigError
from supportbot.examples.keys import split_of
from supportbot.states import ExampleLabel, Split
from training.curate import GOOD, select_examples, stream_examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question with the answer to learn; ``number`` is the id of its row, or its line in a file."""

    number: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a source has to give.

    Attributes:
        taken: rows to train on.
        held_out: rows to measure on.
        left_out: rows that are neither, by the reason.
        fingerprint: sha256 of the rows to train on.
    """

    taken: int
    held_out: int
    left_out: Mapping[str, int]
    fingerprint: str


class Source(Protocol):
    """Rows, one at a time."""

    async def count(self) -> Counts:
        """Count the rows without keeping them."""

    def pairs(self, split: Split) -> AsyncIterator[Pair]:
        """Return the rows of a split, in an order that stays the same."""


class DatabaseRows:
    """The approved rows of the database, as ``training.curate`` selects them.

    Args:
        database: where the rows are.
        labels: which of them; plain fine-tuning learns good answers only.
    """

    def __init__(self, database: Database, labels: frozenset[ExampleLabel] = GOOD) -> None:
        self._database = database
        self._labels = labels

    async def count(self) -> Counts:
        """Count the rows without keeping them."""
        selection = await select_examples(self._database, labels=self._labels)
        return Counts(
            taken=selection.taken,
            held_out=selection.held_out,
            left_out=dict(selection.left_out),
            fingerprint=selection.fingerprint,
        )

    async def pairs(self, split: Split) -> AsyncIterator[Pair]:
        """Return the rows of a split by their ids."""
        async for row in stream_examples(self._database, split, labels=self._labels):
            yield Pair(number=row.example_id, question=row.question, answer=row.answer)


class FileRows:
    """The rows of a JSONL file, each with ``question`` and ``answer``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def count(self) -> Counts:
        """Count the rows without keeping them.

        Raises:
            ConfigError: a line is no such row; the sentence says which.
        """
        counts: Counter[Split] = Counter()
        empty = 0
        digest = hashlib.sha256()
        async for pair in self._rows():
            if not (pair.question.strip() and pair.answer.strip()):
                empty += 1
                continue
            split = split_of(pair.question)
            counts[split] += 1
            if split is Split.TRAIN:
                digest.update(json.dumps([pair.number, pair.question, pair.answer]).encode())
        return Counts(
            taken=counts[Split.TRAIN],
            held_out=counts[Split.HELD_OUT],
            left_out={"empty question or answer": empty} if empty else {},
            fingerprint=digest.hexdigest(),
        )

    async def pairs(self, split: Split) -> AsyncIterator[Pair]:
        """Return the rows of a split in the order of the file."""
        async for pair in self._rows():
            if pair.question.strip() and pair.answer.strip() and split_of(pair.question) is split:
                yield pair

    async def _rows(self) -> AsyncIterator[Pair]:
        # Reading a local file line by line; nothing else runs on this loop.
        try:
            with self._path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield self._parse(number, line)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"'{self._path}' cannot be read as UTF-8 text: {error}.") from error

    def _parse(self, number: int, line: str) -> Pair:
        try:
            record = json.loads(line)
            question, answer = record["question"], record["answer"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._refuse(number) from error
        if not isinstance(question, str) or not isinstance(answer, str):
            raise self._refuse(number)
        return Pair(number=number, question=question, answer=answer)

    def _refuse(self, number: int) -> ConfigError:
        return ConfigError(
            f"Line {number} of '{self._path}' is not a JSON object with the texts 'question' and 'answer'."
        )

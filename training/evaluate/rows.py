"""The questions for both models: held-out rows of the database or of files, and questions that nothing answers.

Above the limit, rows are drawn at random with the seed, in one pass that keeps at most the limit in memory. The
order is that of the source, so two evaluations of the same data ask the same questions with the same seeds.

This module knows texts only; ``past`` knows votes.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.duplicates import merge_duplicates
from training.curate import stream_examples
from training.files import EMPTY, FileRow, read_rows
from training.starter.data import load_faq

Objection = Callable[[FileRow], str | None]
"""Returns the reason against asking a model a row, if there is one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its approved answer; ``topic`` if the data names one."""

    question: str
    answer: str
    topic: str | None = None


async def held_out_rows(database: Database, limit: int, seed: int) -> list[Row]:
    """Return approved held-out rows of the database, at most ``limit``; none is a near-duplicate of a training
    row."""
    await merge_duplicates(database)
    examples = stream_examples(database, Split.HELD_OUT, labels=frozenset({ExampleLabel.GOOD}))
    rows = (Row(example.question, example.answer) async for example in examples)
    return await sample_rows(rows, limit, seed)


async def file_rows(
    paths: Sequence[Path],
    limit: int,
    seed: int,
    *,
    objection: Objection = lambda row: None,
    keep: Collection[str] = (),
) -> tuple[list[Row], dict[str, int]]:
    """Return the rows of files, at most ``limit``, and the numbers left out by reason.

    Args:
        paths: see ``training.files``.
        limit: most rows.
        seed: decides which.
        objection: to rows that the model must not be asked.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ConfigError: a file cannot be read or lacks something; the sentence says where.
    """
    left_out: Counter[str] = Counter()

    async def rows() -> AsyncIterator[Row]:
        for path in paths:
            for row in read_rows(path, keep=keep):
                reason = objection(row) if row.question and row.answer else EMPTY
                if reason is None:
                    yield Row(row.question, row.answer, row.topic)
                else:
                    left_out[reason] += 1

    return await sample_rows(rows(), limit, seed), dict(left_out)


def out_of_scope_questions(path: Path | None) -> tuple[str, ...]:
    """Return the questions of a text file, one a line, or the starter's, which no shop answers.

    Raises:
        ConfigError: the file cannot be read, or has no question.
    """
    if path is None:
        return load_faq().out_of_scope
    questions = tuple(line.strip() for line in _read(path).splitlines() if line.strip())
    if not questions:
        raise ConfigError(f"'{path}' contains no questions: write one per line.")
    return questions


def canonical_answers(path: Path) -> dict[str, str]:
    """Return the answer of each topic from a JSON object.

    Raises:
        ConfigError: the file is no JSON object of texts.
    """
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise ConfigError(f"'{path}' is not valid JSON: {error}.") from error
    if not isinstance(content, dict) or not all(isinstance(answer, str) for answer in content.values()):
        raise ConfigError(f"'{path}' must be a JSON object with the answer of each topic.")
    return content


def fingerprint(rows: Sequence[Row]) -> str:
    """Return the sha256 of all questions and answers, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row.question, row.answer]).encode())
    return digest.hexdigest()


async def sample_rows(rows: AsyncIterator[Row], limit: int, seed: int) -> list[Row]:
    """Return at most ``limit`` rows, each with the same chance (reservoir sampling), in their order."""
    chance = random.Random(seed)  # noqa: S311 - a fair choice of rows, not secrecy
    kept: list[tuple[int, Row]] = []
    number = 0
    async for row in rows:
        if len(kept) < limit:
            kept.append((number, row))
        elif (place := chance.randrange(number + 1)) < limit:
            kept[place] = (number, row)
        number += 1
    return [row for _, row in sorted(kept, key=lambda pair: pair[0])]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"'{path}' cannot be read as UTF-8 text: {error}.") from error

"""What both models are asked: held-out rows of the database or of files, and questions that nothing answers.

Rows beyond the limit are drawn at random with the seed, in one pass that keeps no more than the limit in memory;
the order is that of the source, so two evaluations of the same data ask the same questions with the same seeds.

This module knows texts only; past votes are the business of ``past``.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.duplicates import merge_duplicates
from training.curate import stream_examples
from training.files import EMPTY, FileRow, read_rows
from training.metrics import matched_topic, merge_references
from training.starter.data import load_faq

Objection = Callable[[FileRow], str | None]
"""Says why a model must not be asked a row, if it must not."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its approved answer; ``topic`` where the data names one."""

    question: str
    answer: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides which answers are right.

    Attributes:
        references: one for each topic.
        topics: for each row the index of its topic.
        answers: for each row its own wording of the reference, which stands in for that of the topic.
    """

    references: tuple[str, ...]
    topics: tuple[int, ...]
    answers: tuple[str, ...]

    def is_right(self, row: int, answer: str) -> bool:
        """Return whether ``answer`` says the reference of a row, and says it more than any other reference."""
        topic = self.topics[row]
        others = [reference for index, reference in enumerate(self.references) if index != topic]
        return matched_topic(answer, [self.answers[row], *others]) == 0


def make_judge(rows: Sequence[Row], canonical: Mapping[str, str] | None = None) -> Judge:
    """Return the judge of some rows.

    Args:
        rows: what is asked.
        canonical: one answer for each topic, for data in which every answer is worded differently; then an
            answer is right that says the answer of the row's topic. Otherwise the distinct answers of the rows
            are the topics.

    Raises:
        ConfigError: a row's topic has no answer in ``canonical``.
    """
    if canonical is None:
        answers = [row.answer for row in rows]
        topics = merge_references(answers)
        firsts = [answers[topics.index(topic)] for topic in range(len(set(topics)))]
        return Judge(tuple(firsts), tuple(topics), tuple(answers))
    names = list(canonical)
    for row in rows:
        if row.topic not in canonical:
            raise ConfigError(
                f"The references have no answer for the topic '{row.topic}' of the question '{row.question}': "
                "add one, or name the right topic in the data."
            )
    topics = [names.index(str(row.topic)) for row in rows]
    references = tuple(canonical.values())
    return Judge(references, tuple(topics), tuple(references[topic] for topic in topics))


async def held_out_rows(database: Database, limit: int, seed: int) -> list[Row]:
    """Return approved held-out rows of the database, at most ``limit``; none that is nearly one to train on."""
    await merge_duplicates(database)
    examples = stream_examples(database, Split.HELD_OUT, labels=frozenset({ExampleLabel.GOOD}))
    rows = (Row(example.question, example.answer) async for example in examples)
    return await _sample(rows, limit, seed)


async def file_rows(
    paths: Sequence[Path],
    limit: int,
    seed: int,
    *,
    objection: Objection = lambda row: None,
    keep: Collection[str] = (),
) -> tuple[list[Row], dict[str, int]]:
    """Return the rows of files, at most ``limit``, and how many were left out for which reason.

    Args:
        paths: see ``training.files``.
        limit: most rows.
        seed: decides which.
        objection: to rows that must not be asked.
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

    return await _sample(rows(), limit, seed), dict(left_out)


def out_of_scope_questions(path: Path | None) -> tuple[str, ...]:
    """Return the questions of a text file, one a line, or the starter's, which no shop answers.

    Raises:
        ConfigError: the file cannot be read, or has no question.
    """
    if path is None:
        return load_faq().out_of_scope
    questions = tuple(line.strip() for line in _read(path).splitlines() if line.strip())
    if not questions:
        raise ConfigError(f"'{path}' has no question in it: write one a line.")
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


async def _sample(rows: AsyncIterator[Row], limit: int, seed: int) -> list[Row]:
    """Keep each row with the same chance (reservoir sampling), and the order of the source."""
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

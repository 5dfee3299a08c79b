"""The rows of a run from scratch: all in memory, and grouped by answer.

The documented run streams its rows. Here an answer has dozens of wordings, and a model this small can't learn a
million answers, so all rows fit into memory.

This module knows no model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from supportbot.db.states import Split
from supportbot.engine.prompt import MAX_LENGTH
from supportbot.errors import ConfigError
from supportbot.intake.normalise import normalise_question
from training.curate import Selection, TrainingExample
from training.faq.fitting import Fitted
from training.faq.material import MOST_ANSWERS, Material, Topic, group, key_of
from training.finetune.data import find_rows
from training.finetune.run import Run
from training.finetune.sources import Tally, open_source
from training.starter.data import load_faq

TOO_LONG = "answer too long for the model"

_SHOWN = 3
"""Number of answers that a sentence quotes."""

_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Lesson:
    """Training rows, rows to measure the loss on, and their numbers."""

    train: Sequence[TrainingExample]
    held_out: Sequence[TrainingExample]
    counts: Selection

    @property
    def material(self) -> Material:
        """The material to learn, with the starter's foreign questions."""
        return group(((normalise_question(row.question), row.answer) for row in self.train), load_faq().foreign)

    def without(self, topics: Sequence[Topic]) -> Lesson:
        """Return the lesson without the rows of some topics; the fingerprint is still that of all rows."""
        keys = {key_of(topic.answer) for topic in topics}
        kept = [row for row in self.train if key_of(row.answer) not in keys]
        if not (gone := len(self.train) - len(kept)):
            return self
        left_out = {**self.counts.left_out, TOO_LONG: gone}
        return replace(self, train=kept, counts=replace(self.counts, taken=len(kept), left_out=left_out))


def read_lesson(run: Run) -> Lesson:
    """Read the rows that count.

    Raises:
        ConfigError: there are none, or a line of a file is none.
        DatabaseError: the database is not usable.
    """
    return asyncio.run(_read(run))


def check_number(run: Run, material: Material) -> None:
    """Refuse too few or too many answers.

    Raises:
        ConfigError: the sentence says what to do.
    """
    where = "the database" if run.from_db else f"'{run.data}'"
    if (number := len(material.topics)) < 2:
        raise ConfigError(
            f"--recipe faq teaches a model to tell answers apart, and {where} has {number} to "
            "train on: approve another answer with a few wordings."
        )
    if number > MOST_ANSWERS:
        raise ConfigError(
            f"--recipe faq is for up to {MOST_ANSWERS} different answers, and {where} has {number:,}: give the "
            "rows of one topic the same answer, or fine-tune a base with --recipe documented."
        )


def too_long(fitted: Fitted, lesson: Lesson) -> str | None:
    """Return a sentence with the answers left out, if there are any."""
    if not fitted.too_long:
        return None
    names = [f"'{key_of(topic.answer)[:_SHOWN_CHARACTERS]}…'" for topic in fitted.too_long[:_SHOWN]]
    others = f" and {more} more" if (more := len(fitted.too_long) - _SHOWN) > 0 else ""
    return (
        f"Left out: {lesson.counts.left_out[TOO_LONG]:,} rows with {len(fitted.too_long):,} answers that are too "
        f"long for the {MAX_LENGTH} tokens that question and answer may have: {', '.join(names)}{others}."
    )


async def _read(run: Run) -> Lesson:
    rows: dict[Split, list[TrainingExample]] = {split: [] for split in Split}
    tally = Tally()
    async with open_source(run) as source:
        found = await find_rows(run, source)
        async for row in source.rows():
            tally.add(row)
            rows[row.split].append(row)
    return Lesson(rows[Split.TRAIN], rows[Split.HELD_OUT], tally.selection(found.left_out))

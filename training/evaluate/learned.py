"""Asks again what the other model was trained on: a candidate that forgot it is no step forward.

These are the rows of the run that made the other model, as far as they are approved today. A row does not count if
it was rejected since, its workspace withdrew consent, or its question got another answer later.

The starter's own answers count only if the candidate was trained on them too: operators who replace the
demonstration by their own knowledge want it forgotten.

This module knows rows; ``judging`` decides which answers are right.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from pathlib import Path

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from supportbot.db.models import Example, RunExample
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus, Split
from supportbot.errors import ConfigError
from supportbot.feedback.consent import counts_for_training
from supportbot.feedback.curation.keys import normalise
from supportbot.models.registry import MANIFEST, STARTER, read_manifest
from training.evaluate._runs import Run, is_recorded, run_of
from training.evaluate.rows import Row, sample_rows
from training.finetune.sources import open_file
from training.starter.data import load_faq

MOST_LEARNED = 200
"""Rows asked, drawn at random: if one in twenty is lost, its interval leaves out chance."""

_PAGE = 2_000


async def learned_rows(
    candidate: str,
    against: str,
    database: Database | None,
    limit: int,
    seed: int,
    *,
    keep: Collection[str] = (),
) -> list[Row]:
    """Return valid rows that a model was trained on; none if its run cannot be read any more.

    Args:
        candidate: the folder of the new model.
        against: that of the model whose rows are wanted; a hub id has none.
        database: where runs are recorded, if there is one.
        limit: most rows, and never more than ``MOST_LEARNED``.
        seed: decides which.
        keep: what is public although it looks personal, see ``redact``.
    """
    if _is_starter(Path(against)):
        run, answers = run_of(Path(candidate)), {normalise(topic.answer) for topic in load_faq().topics}
    else:
        run, answers = run_of(Path(against)), None
    rows = _rows_of(run, database, keep)
    wanted = (row async for row in rows if answers is None or normalise(row.answer) in answers)
    return await sample_rows(wanted, min(limit, MOST_LEARNED), seed)


def _is_starter(directory: Path) -> bool:
    return (directory / MANIFEST).is_file() and read_manifest(directory).version == STARTER


async def _rows_of(run: Run | None, database: Database | None, keep: Collection[str]) -> AsyncIterator[Row]:
    if run is None:
        return
    if run.file is not None:
        async for row in _rows_of_file(run.file, run, database, keep):
            yield row
    elif database is not None and await is_recorded(database, run):
        async for row in _rows_of_database(database, run):
            yield row


async def _rows_of_file(
    path: Path, run: Run, database: Database | None, keep: Collection[str]
) -> AsyncIterator[Row]:
    """Yield the good rows to train on, if the file is still what the run read."""
    try:
        source = await open_file(path, run.labels, database, keep=keep)
        if (await source.survey()).fingerprint != run.fingerprint:
            return
    except ConfigError:
        return  # gone, or another file by now
    async for row in source.rows():
        if row.split is Split.TRAIN and row.label is ExampleLabel.GOOD:
            yield Row(row.question, row.answer)


async def _rows_of_database(database: Database, run: Run) -> AsyncIterator[Row]:
    """Yield the good rows of a run that are approved today."""
    last = 0
    while True:
        query = (
            select(Example.id, Example.prompt, Example.completion)
            .join(RunExample, RunExample.example_id == Example.id)
            .where(
                RunExample.run_id == run.run_id,
                Example.id > last,
                Example.status == ExampleStatus.APPROVED,
                Example.label == ExampleLabel.GOOD,
                counts_for_training(Example.workspace_id),
                ~_has_newer_answer(),
            )
            .order_by(Example.id)
            .limit(_PAGE)
        )
        async with database.read() as session:
            page = (await session.execute(query)).all()
        for row in page:
            yield Row(row.prompt, row.completion)
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _has_newer_answer() -> ColumnElement[bool]:
    """Return the condition that a question of the same words was approved later with another answer.

    Nobody has to reject the old row for that: people who correct an answer in chat do not know of it.
    """
    newer = aliased(Example)
    return (
        select(newer.id)
        .where(
            newer.sort_key == Example.sort_key,
            newer.id > Example.id,
            newer.status == ExampleStatus.APPROVED,
            newer.label == ExampleLabel.GOOD,
            counts_for_training(newer.workspace_id),
            newer.completion != Example.completion,
            newer.duplicate_of_id.is_(None),
            # A nearly identical answer is the same one.
            or_(Example.duplicate_of_id.is_(None), Example.duplicate_of_id != newer.id),
        )
        .exists()
    )

"""Which rows of a file a model was trained on: asked again, they would only show what it has memorised.

A run's record says where its rows came from. If from a file, they are its training rows, as long as the file is
still what the run read; if from the database, its record of the run. If neither can be read any more, only rows of
the held-out tenth are asked, on which no run was ever trained.

This module knows no model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import select

from supportbot.db.models import Example, RunExample
from supportbot.db.session import Database
from supportbot.db.states import Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.keys import normalise
from training.evaluate._runs import Run, is_recorded, run_of
from training.evaluate.rows import Objection, Row, file_rows, held_out_rows
from training.files import FileRow, conversation_of
from training.finetune.sources import Tally, open_file

TRAINED = "the candidate was trained on them"
PERHAPS = "the candidate may have been trained on them, since the rows of its run cannot be read any more"

_PAGE = 5_000


async def rows_to_ask(
    location: str,
    database: Database | None,
    files: Sequence[Path],
    limit: int,
    seed: int,
    *,
    keep: Collection[str] = (),
) -> tuple[list[Row], dict[str, int]]:
    """Return the rows that a model may be asked, and the numbers of rows of files left out, by reason.

    Args:
        location: the folder of a run or of a version.
        database: whose held-out rows are asked if there are no files.
        files: see ``file_rows``.
        limit: most rows.
        seed: decides which.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ConfigError: a file cannot be read or lacks something; the sentence says where.
    """
    if database is None or files:
        objection = await find_objection(location, database, keep)
        return await file_rows(files, limit, seed, objection=objection, keep=keep)
    return await held_out_rows(database, limit, seed), {}


async def find_objection(location: str, database: Database | None, keep: Collection[str] = ()) -> Objection:
    """Return the objection to rows that a model was trained on; a model of no run saw none of them.

    Args:
        location: the folder of a run or of a version.
        database: where the run is recorded, if there is one.
        keep: what is public although it looks personal, see ``redact``.
    """
    run = run_of(Path(location))
    if run is None:
        return lambda row: None
    questions = (
        await _questions_of_run(database, run)
        if run.file is None
        else await _questions_of_file(run.file, run, database, keep)
    )

    def objection(row: FileRow) -> str | None:
        if questions is None:
            return PERHAPS if row.split is Split.TRAIN else None
        return TRAINED if hash(conversation_of(row.question, keep=keep)) in questions else None

    return objection


async def _questions_of_file(
    path: Path, run: Run, database: Database | None, keep: Collection[str]
) -> set[int] | None:
    """Return the questions to train on, hashed, or None if the file is not what the run read."""
    tally, questions = Tally(), set()
    try:
        source = await open_file(path, run.labels, database, keep=keep)
        async for row in source.rows():
            tally.add(row)
            if row.split is Split.TRAIN:
                questions.add(hash(conversation_of(row.question, keep=keep)))
    except ConfigError:
        return None  # gone, or another file by now
    return questions if tally.selection({}).fingerprint == run.fingerprint else None


async def _questions_of_run(database: Database | None, run: Run) -> set[int] | None:
    """Return the run's questions in the database, hashed, or None if it does not know the run."""
    if database is None or not await is_recorded(database, run):
        return None
    questions: set[int] = set()
    last = 0
    while True:
        query = (
            select(Example.id, Example.prompt)
            .join(RunExample, RunExample.example_id == Example.id)
            .where(RunExample.run_id == run.run_id, Example.id > last)
            .order_by(Example.id)
            .limit(_PAGE)
        )
        async with database.read() as session:
            page = (await session.execute(query)).all()
        questions.update(hash(normalise(row.prompt)) for row in page)
        if len(page) < _PAGE:
            return questions
        last = page[-1].id

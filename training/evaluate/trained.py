"""Which rows of a file a model was trained on: asked again, they would only show what it knows by heart.

A run says in its record where its rows came from. From a file, they are what the file has to train on, if that is
still what the run read; from the database, what is kept of the run there. If neither can be read any more, a row
is asked only if it belongs to the held-out tenth, which no run was ever trained on.

This module knows no model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from supportbot.db.models import Example, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.keys import normalise
from supportbot.models.registry import MANIFEST, read_manifest
from training.curate import GOOD
from training.evaluate.rows import Objection
from training.files import FileRow, conversation_of
from training.finetune.sources import FileRows, Tally

RUN_RECORD = Path("report") / "run.json"
"""What a fine-tuning run leaves in its output folder, and nothing else has."""

TRAINED = "the candidate was trained on them"
PERHAPS = "the candidate may have been trained on them, since the rows of its run cannot be read any more"

_PAGE = 5_000


async def find_objection(location: str, database: Database | None, keep: Collection[str] = ()) -> Objection:
    """Return what objects to rows that a model was trained on; a model that is of no run saw none of them.

    Args:
        location: the folder of a run or of a version.
        database: where the run is recorded, if there is one.
        keep: what is public although it looks personal, see ``redact``.
    """
    run = _run_of(Path(location))
    if run is None:
        return lambda row: None
    source = run["source"]
    questions = (
        await _questions_of_file(Path(source), run, keep)
        if source is not None and source != "database"
        else await _questions_of_run(database, run)
    )

    def objection(row: FileRow) -> str | None:
        if questions is None:
            return PERHAPS if row.split is Split.TRAIN else None
        return TRAINED if hash(conversation_of(row.question, keep=keep)) in questions else None

    return objection


def _run_of(directory: Path) -> dict[str, Any] | None:
    """Return what is known of the run that made a model: where its rows came from, and which they were."""
    if (directory / RUN_RECORD).is_file():
        record: Mapping[str, Any] = json.loads((directory / RUN_RECORD).read_text("utf-8"))
        run_id = record.get("training_run_id")
    elif (directory / MANIFEST).is_file():
        record = read_manifest(directory).training
        run_id = record.get("run_id")
    else:
        return None
    data = record.get("data")
    if not isinstance(data, Mapping) or not data.get("fingerprint"):
        return None
    return {
        "source": data.get("source"),
        "fingerprint": data["fingerprint"],
        "labels": frozenset(ExampleLabel) if record.get("method") == "kto" else GOOD,
        "run_id": run_id,
    }


async def _questions_of_file(path: Path, run: Mapping[str, Any], keep: Collection[str]) -> set[int] | None:
    """Return the questions to train on, hashed, or None if the file is not what the run read."""
    tally, questions = Tally(), set()
    try:
        async for row in FileRows(path, run["labels"], keep=keep).rows():
            tally.add(row)
            if row.split is Split.TRAIN:
                questions.add(hash(conversation_of(row.question, keep=keep)))
    except ConfigError:
        return None  # gone, or another file by now
    return questions if tally.selection({}).fingerprint == run["fingerprint"] else None


async def _questions_of_run(database: Database | None, run: Mapping[str, Any]) -> set[int] | None:
    """Return the questions that the database has of a run, hashed, or None if it does not know the run."""
    if database is None or run["run_id"] is None:
        return None
    async with database.read() as session:
        recorded = await session.get(TrainingRun, run["run_id"])
    # Ids begin anew in every database: the run is this one only if it was trained on the same rows.
    if recorded is None or recorded.dataset_fingerprint != run["fingerprint"]:
        return None
    questions: set[int] = set()
    last = 0
    while True:
        query = (
            select(Example.id, Example.prompt)
            .join(RunExample, RunExample.example_id == Example.id)
            .where(RunExample.run_id == recorded.id, Example.id > last)
            .order_by(Example.id)
            .limit(_PAGE)
        )
        async with database.read() as session:
            page = (await session.execute(query)).all()
        questions.update(hash(normalise(row.prompt)) for row in page)
        if len(page) < _PAGE:
            return questions
        last = page[-1].id

"""The run behind a model's folder: where its rows came from, and which they were.

This module knows folders and the record of a run in the database; it reads no row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.db.models import TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel
from supportbot.models.registry import MANIFEST, read_manifest
from training.curate import GOOD

RUN_RECORD = Path("report") / "run.json"
"""A file that only a fine-tuning run leaves in its output folder."""


@dataclass(frozen=True, slots=True)
class Run:
    """A fine-tuning run.

    Attributes:
        source: the file of its rows, ``database``, or None if unrecorded.
        fingerprint: of the rows to train on, see ``training.curate.Fingerprint``.
        labels: of the rows that it learned from.
        run_id: in the database, if the rows came from there.
    """

    source: str | None
    fingerprint: str
    labels: frozenset[ExampleLabel]
    run_id: int | None

    @property
    def file(self) -> Path | None:
        """Where its rows came from, if that is a file."""
        return None if self.source in (None, "database") else Path(str(self.source))


def run_of(directory: Path) -> Run | None:
    """Return the run that made a model, in its output folder or as a version, if it is known."""
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
    return Run(
        source=data.get("source"),
        fingerprint=data["fingerprint"],
        labels=frozenset(ExampleLabel) if record.get("method") == "kto" else GOOD,
        run_id=run_id,
    )


async def is_recorded(database: Database, run: Run) -> bool:
    """Return whether the database knows the rows of a run."""
    if run.run_id is None:
        return False
    async with database.read() as session:
        recorded = await session.get(TrainingRun, run.run_id)
    # Every database counts ids from 1: the run is this one only if it was trained on the same rows.
    return recorded is not None and recorded.dataset_fingerprint == run.fingerprint

"""Rows of a file that a model was trained on are not asked."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer import Typer
from typer.testing import CliRunner

from supportbot.db.models import TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import Split
from supportbot.models.registry import write_manifest
from tests.training.evaluate.log import add_example
from training.curate import select_examples
from training.evaluate.command import main
from training.evaluate.rows import file_rows
from training.evaluate.trained import PERHAPS, TRAINED, find_objection
from training.files import read_rows
from training.finetune.records import begin_record
from training.finetune.sources import FileRows

QUESTIONS = [f"Where is {hashlib.sha256(bytes([number])).hexdigest()[:16]}?" for number in range(40)]


def write(path: Path, questions: list[str]) -> Path:
    """Write a file of rows."""
    lines = [json.dumps({"question": question, "answer": "It is on its way."}) for question in questions]
    path.write_text("\n".join(lines), "utf-8")
    return path


def write_run(folder: Path, **record: Any) -> Path:
    """Write the record of a run."""
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "run.json").write_text(json.dumps(record), "utf-8")
    return folder


async def asked(location: Path, data: Path, database: Database | None = None) -> tuple[list[str], dict[str, int]]:
    """Return the questions of a file that a model may be asked, and how many are left out."""
    rows, left_out = await file_rows([data], 100, 0, objection=await find_objection(str(location), database))
    return [row.question for row in rows], left_out


@pytest.fixture
async def trained(tmp_path: Path) -> Path:
    """A run that was trained on a file."""
    source = write(tmp_path / "trained.jsonl", QUESTIONS)
    found = await FileRows(source).survey()
    data = {"source": str(source), "fingerprint": found.fingerprint}
    return write_run(tmp_path / "run", method="sft", training_run_id=None, data=data)


def held_out(path: Path) -> list[str]:
    """Return the held-out questions of a file."""
    return [row.question for row in read_rows(path) if row.split is Split.HELD_OUT]


async def test_held_out_rows_of_the_same_file_count(trained: Path, tmp_path: Path) -> None:
    """Of the file that trained it, only what it was not trained on is asked; of another one, what is new."""
    kept = held_out(tmp_path / "trained.jsonl")
    assert 0 < len(kept) < 20
    assert await asked(trained, tmp_path / "trained.jsonl") == (kept, {TRAINED: 40 - len(kept)})
    known = next(question for question in QUESTIONS if question not in kept)
    other = write(tmp_path / "other.jsonl", ["Is this new?", known.upper(), kept[0]])
    assert await asked(trained, other) == (["Is this new?", kept[0]], {TRAINED: 1})


async def test_without_the_rows_of_the_run_only_the_held_out_tenth_counts(trained: Path, tmp_path: Path) -> None:
    """A file that was changed or is gone says nothing of what the run read, so the split decides."""
    source = tmp_path / "trained.jsonl"
    kept = held_out(source)
    copy = write(tmp_path / "copy.jsonl", QUESTIONS)
    write(source, QUESTIONS[1:])
    assert await asked(trained, copy) == (kept, {PERHAPS: 40 - len(kept)})
    source.write_text("{", "utf-8")
    assert await asked(trained, copy) == (kept, {PERHAPS: 40 - len(kept)})
    source.unlink()
    assert await asked(trained, copy) == (kept, {PERHAPS: 40 - len(kept)})


async def test_rows_of_a_run_on_the_database_are_left_out(database: Database, tmp_path: Path) -> None:
    """What the database knows of the run is not asked; nor, elsewhere, what may have been among it."""
    ids = [await add_example(database, question, "Yes.", split=Split.TRAIN) for question in QUESTIONS[:6]]
    fingerprint = (await select_examples(database)).fingerprint
    run_id = await begin_record(database, {}, fingerprint, ids)
    data = {"source": "database", "fingerprint": fingerprint}
    run = write_run(tmp_path / "run", method="sft", training_run_id=run_id, data=data)
    path = write(tmp_path / "rows.jsonl", QUESTIONS[4:])
    assert await asked(run, path, database) == (QUESTIONS[6:], {TRAINED: 2})
    version = tmp_path / "version"
    version.mkdir()
    (version / "model.safetensors").write_bytes(b"weights")
    training = {"run_id": run_id, "method": "sft", "data": {"fingerprint": fingerprint}}
    write_manifest(version, version="v2", metrics={}, training=training, confidence_floor=None)
    assert await asked(version, path, database) == (QUESTIONS[6:], {TRAINED: 2})
    kept = held_out(path)
    assert await asked(run, path) == (kept, {PERHAPS: 36 - len(kept)})
    async with database.write() as session:
        await session.execute(update(TrainingRun).values(dataset_fingerprint="another"))
    assert await asked(run, path, database) == (kept, {PERHAPS: 36 - len(kept)})


async def test_model_of_no_run_is_asked_everything(tmp_path: Path) -> None:
    """A folder without a record, such as a model of the hub, was trained on no rows of ours."""
    path = write(tmp_path / "rows.jsonl", QUESTIONS)
    assert await asked(tmp_path, path) == (QUESTIONS, {})
    assert await asked(write_run(tmp_path / "run"), path) == (QUESTIONS, {})


def test_command_says_what_was_left_out(tiny_model: Path, trained: Path, tmp_path: Path) -> None:
    """With nothing left to ask, the number and the reason stand beside the sentence that says so."""
    shutil.copytree(tiny_model, trained, dirs_exist_ok=True)
    kept = held_out(tmp_path / "trained.jsonl")
    data = write(tmp_path / "rows.jsonl", [question for question in QUESTIONS if question not in kept])
    app = Typer()
    app.command()(main)
    done = CliRunner().invoke(
        app, ["--candidate", str(trained), "--against", str(tiny_model), "--data", str(data)]
    )
    assert done.exit_code == 2
    assert f"Left out: {40 - len(kept)} rows, {TRAINED}." in done.stderr
    assert "There are 0 held-out rows to ask" in done.stderr

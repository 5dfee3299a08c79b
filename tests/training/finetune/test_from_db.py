"""A run on the approved rows of a database, and what the database keeps of it."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from supportbot.config import load_settings
from supportbot.db.models import Example, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.imports import import_rows
from training.curate import select_examples
from training.finetune.arguments import parse_run
from training.finetune.base import load_tokenizer
from training.finetune.command import main
from training.finetune.data import find_rows, load_prepared, prepare
from training.finetune.machine import Machine
from training.finetune.run import Run
from training.finetune.sources import DatabaseRows, FileRows

_ABOUT = {
    "returns": "How do I send something back?",
    "parcels": "Where is my parcel now?",
    "invoices": "Can you mail me the invoice again?",
    "passwords": "I forgot my password, what now?",
    "vouchers": "Does a voucher expire?",
    "sizes": "Which shoe size fits me best?",
    "repairs": "Do you fix broken zips?",
    "taxes": "Is sales tax included?",
    "jobs": "Are there vacancies in your company?",
    "delivery": "Do you ship overseas on weekends?",
    "hours": "When does the shop open?",
}


@pytest.fixture
async def approved(database: Database) -> list[int]:
    """Nine approved rows to train on, one held out and one that waits; gives the ids of the nine."""
    async with database.write() as session:
        rows = [example(about) for about in _ABOUT if about not in ("delivery", "hours")]
        session.add_all(rows)
        session.add(example("delivery", split=Split.HELD_OUT))
        session.add(example("hours", status=ExampleStatus.PENDING))
        await session.flush()
        return [row.id for row in rows]


def example(about: str, *, split: Split = Split.TRAIN, status: ExampleStatus = ExampleStatus.APPROVED) -> Example:
    """Return an imported row on a topic."""
    return Example(
        origin=f"import:{about}",
        source=ExampleSource.IMPORT,
        prompt=_ABOUT[about],
        completion=f"All about {about} is on our pages.",
        label=ExampleLabel.GOOD,
        conversation=about,
        split=split,
        sort_key=about,
        status=status,
        created_at=datetime.now(UTC),
    )


async def test_run_on_the_database_is_recorded(
    database: Database,
    database_url: str,
    approved: list[int],
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The run takes the approved rows, says what it left out, and is recorded with its rows and losses."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    command = ["--from-db", f"--base-model={still_model}", f"--output-dir={tmp_path / 'out'}", "--json"]
    assert await asyncio.to_thread(main, [*command, "--dry-run"]) == 0
    counted = json.loads(capsys.readouterr().out)["rows"]
    assert counted == {"taken": 9, "held_out": 1, "left_out": {"not approved yet": 1}}

    status = await asyncio.to_thread(main, [*command, "--bf16=False", "--logging-steps=1"])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert "Left out: 1 rows, not approved yet." in printed.err
    report = json.loads((tmp_path / "out" / "report" / "run.json").read_text())
    assert report["data"]["example_ids"] == approved
    assert report["data"]["left_out"] == {"not approved yet": 1}
    async with database.read() as session:
        run = (await session.scalars(select(TrainingRun))).one()
        trained = (await session.scalars(select(RunExample.example_id).order_by(RunExample.example_id))).all()
    assert list(trained) == approved
    assert run.id == report["training_run_id"] == json.loads(printed.out)["training_run_id"]
    assert run.dataset_fingerprint == report["data"]["fingerprint"]
    assert run.arguments["learning_rate"] == 2e-4
    assert run.loss_history == report["loss_history"]
    assert run.finished_at is not None


def run_of(database_url: str, model: Path, output_dir: Path, monkeypatch: pytest.MonkeyPatch, *flags: str) -> Run:
    """Return a run on the rows of a database."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    command = ["--from-db", f"--base-model={model}", f"--output-dir={output_dir}", *flags]
    return parse_run(command, load_settings(), Machine.here())


async def test_decision_in_between_is_counted_as_it_was_written(
    database: Database,
    database_url: str,
    approved: list[int],
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counts and fingerprint are those of the rows that train, though a curator decides after the counting."""
    run = run_of(database_url, still_model, tmp_path / "out", monkeypatch)
    source = DatabaseRows(database)
    found = await find_rows(run, source)
    assert found.taken == 9
    async with database.write() as session:
        (await session.get_one(Example, approved[0])).status = ExampleStatus.REJECTED
        (await session.get_one(Example, approved[1])).split = Split.HELD_OUT
    written = await prepare(run, source, load_tokenizer(run.location), found)
    prepared = load_prepared(run)
    assert prepared.counts == written
    assert (written.taken, written.held_out) == (len(prepared.train), len(prepared.held_out or [])) == (7, 2)
    assert list(prepared.train["example_id"]) == approved[2:]
    assert written.fingerprint == (await select_examples(database)).fingerprint != found.fingerprint


async def test_rows_that_vanish_in_between_are_missed(
    database: Database,
    database_url: str,
    approved: list[int],
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If nothing is left by the time rows are written, the sentence is the same as if there had been nothing."""
    run = run_of(database_url, still_model, tmp_path / "out", monkeypatch)
    source = DatabaseRows(database)
    found = await find_rows(run, source)
    async with database.write() as session:
        for number in approved:
            (await session.get_one(Example, number)).status = ExampleStatus.REJECTED
    with pytest.raises(ConfigError, match="The database has no row to train on"):
        await prepare(run, source, load_tokenizer(run.location), found)


@pytest.mark.parametrize("method", ["sft", "kto"])
async def test_rows_are_looked_for_before_the_base(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    method: str,
) -> None:
    """With nothing to train on, the sentence says what to do; no base is asked for and no folder is left."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "model.safetensors").write_bytes(b"torn")
    command = ["--from-db", f"--base-model={tmp_path / 'base'}", f"--output-dir={tmp_path / 'out'}"]
    assert await asyncio.to_thread(main, [*command, f"--method={method}"]) == 2
    assert "with `supportbot curate review`" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


async def test_base_that_is_not_usable_leaves_nothing(
    database: Database,
    database_url: str,
    approved: list[int],
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A run that fails before it trains leaves no folder to resume, and no run in the database."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    base = shutil.copytree(still_model, tmp_path / "base")
    (base / "model.safetensors").write_bytes(b"torn")
    command = ["--from-db", f"--base-model={base}", f"--output-dir={tmp_path / 'out'}"]
    assert await asyncio.to_thread(main, command) == 2
    assert "No usable model at" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    async with database.read() as session:
        assert (await session.scalars(select(TrainingRun))).all() == []


async def test_dry_run_writes_nothing(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Near-duplicates that are not marked yet are not marked by counting."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    async with database.write() as session:
        session.add(example("returns"))
        twin = example("returns")
        twin.origin = "import:twin"
        session.add(twin)
    assert await asyncio.to_thread(main, ["--from-db", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]["taken"] == 2
    async with database.read() as session:
        marks = (await session.scalars(select(Example.duplicate_of_id))).all()
    assert marks == [None, None]


QUESTIONS = (
    "Where is my order, Number {number}?",
    "my name is Ana Lopez, where is parcel {number}?",
    "Write to ana{number}@example.com, please!",
    "Grüße \N{SLIGHTLY SMILING FACE}\x07 {number}",
)


async def test_question_is_split_as_by_an_import(database: Database, tmp_path: Path) -> None:
    """A row belongs to the same split, whether its file is imported or trained on directly."""
    records: list[dict[str, str]] = [
        {"question": text.format(number=number), "answer": f"Answer {number} to {text[:5]}."}
        for number in range(40)
        for text in QUESTIONS
    ]
    records += [
        {"question": f"Named {n}?", "answer": f"Yes, {n}.", "conversation": f"c{n // 2}"} for n in range(60)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    await import_rows(database, path, approved_by="Ana")
    async with database.read() as session:
        imported = (await session.scalars(select(Example.split).order_by(Example.id))).all()
    direct = [row.split async for row in FileRows(path).rows()]
    assert direct == list(imported)
    assert set(direct) == set(Split)

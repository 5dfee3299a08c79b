"""Exported files, read back with the library that will read them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import datasets
import pytest
import typer
from sqlalchemy import select
from transformers import AutoModelForCausalLM, AutoTokenizer

from supportbot.db.audit import recent
from supportbot.db.models import Example, Workspace
from supportbot.db.session import Database
from supportbot.db.shared_key import installation_of
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.engine.prompt import encode_training_text, prompt_text
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.imports import import_rows
from supportbot.feedback.curation.returning import origins_of
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.votes import Vote
from supportbot.intake.inbox import Inbox
from tests.supportbot.conftest import MakeQuestion, inbox, question
from tests.supportbot.feedback.curation.rows import add_examples, example
from tests.supportbot.feedback.test_again import ASKER, Bot
from training.dataset import IGNORED
from training.export import ExportError, FileFormat, Kind, Which, export_rows
from training.finetune.sources import FileRows

__all__ = ["inbox", "question"]

TRAIN = {"split": Split.TRAIN}


def rows() -> list[Any]:
    """Make one row of each kind."""
    return [
        example("Where is it?\u2028Now?", "In “Leeds” 😀.", **TRAIN),
        example("And the other?", "Here.", rejected="No.", source=ExampleSource.CORRECTION, **TRAIN),
        example("Is it?", "Never.", label=ExampleLabel.BAD, source=ExampleSource.VOTES, **TRAIN),
        example("Was it?", "Once.", split=Split.HELD_OUT),
        example("Will it?", "No.", status=ExampleStatus.PENDING, **TRAIN),
    ]


def load(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Read a file as a user of the datasets library does."""
    builder = "json" if path.suffix == ".jsonl" else "parquet"
    loaded = datasets.load_dataset(builder, data_files=str(path), split="train", cache_dir=str(folder / "cache"))
    return [dict(row) for row in loaded]


@pytest.mark.parametrize("file_format", FileFormat)
async def test_datasets_reads_each_kind(database: Database, tmp_path: Path, file_format: FileFormat) -> None:
    """Columns, texts and provenance are the same in both formats, and of the types that trainers expect."""
    first, second, bad, held_out, _ = await add_examples(database, *rows())
    prompts = [prompt_text(question) for question in ("Where is it?\u2028Now?", "And the other?", "Is it?")]
    found = {}
    for kind in Kind:
        path = tmp_path / f"{kind}.{file_format}"
        written = await export_rows(database, path, file_format=file_format, kind=kind, which=Which.TRAIN)
        found[kind] = load(path, tmp_path)
        assert written == len(found[kind])
    ids = {first: "import", second: "correction", bad: "votes"}
    came_from = await origins_of(database, await installation_of(database), list(ids))
    origins = [
        {"example_id": number, "source": source, "split": "train", "origin": came_from[number], "prompt": prompt}
        for (number, source), prompt in zip(ids.items(), prompts, strict=True)
    ]
    assert found[Kind.SFT] == [
        {**origins[0], "completion": "\nIn “Leeds” 😀."},
        {**origins[1], "completion": "\nHere."},
    ]
    assert found[Kind.KTO] == [
        {**origins[0], "completion": "\nIn “Leeds” 😀.", "label": True},
        {**origins[1], "completion": "\nHere.", "label": True},
        {**origins[1], "completion": "\nNo.", "label": False},
        {**origins[2], "completion": "\nNever.", "label": False},
    ]
    assert found[Kind.DPO] == [{**origins[1], "chosen": "\nHere.", "rejected": "\nNo."}]
    path = tmp_path / f"all.{file_format}"
    await export_rows(database, path, file_format=file_format, kind=Kind.SFT, which=Which.ALL)
    assert {(row["example_id"], row["split"]) for row in load(path, tmp_path)} == {
        (first, "train"),
        (second, "train"),
        (held_out, "held_out"),
    }


async def test_export_is_audited(database: Database, tmp_path: Path) -> None:
    """The audit says who exported how many rows of which kind, and nothing that is in them."""
    await add_examples(database, *rows())
    options: Any = {"file_format": FileFormat.JSONL, "kind": Kind.KTO, "which": Which.TRAIN}
    written = await export_rows(database, tmp_path / "rows.jsonl", **options, actor="ana")
    (entry,) = await recent(database, 1)
    assert (entry.actor, entry.action) == ("ana", "example.export")
    assert entry.details == {"rows": written, "kind": "kto", "split": "train", "to_file": True}


def hidden_files(folder: Path) -> list[str]:
    """Return what a listing does not show."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


async def test_nothing_half_made_is_left(database: Database, tmp_path: Path) -> None:
    """Without rows, or without a place to write, there is a sentence, no file, and what was there stays."""
    target = tmp_path / "rows.jsonl"
    target.write_text("earlier")
    sft = {"file_format": FileFormat.JSONL, "kind": Kind.SFT, "which": Which.TRAIN}
    with pytest.raises(ExportError, match="There is no row to export for sft"):
        await export_rows(database, target, **sft)  # type: ignore[arg-type]
    await add_examples(database, *rows())
    with pytest.raises(ExportError, match="cannot be written"):
        await export_rows(database, tmp_path / "missing" / "rows.jsonl", **sft)  # type: ignore[arg-type]
    assert target.read_text() == "earlier"
    await export_rows(database, target, **sft)  # type: ignore[arg-type]
    assert len(target.read_text().splitlines()) == 2 + 1  # U+2028 within a text is a line to Python alone
    assert hidden_files(tmp_path) == []


@pytest.mark.parametrize("kind", Kind)
async def test_exported_rows_can_be_trained_on(database: Database, tmp_path: Path, kind: Kind) -> None:
    """An exported file is a file of rows: the format is taken off again, and bad answers are known as such."""
    await add_examples(database, *rows())
    path = tmp_path / "rows.jsonl"
    await export_rows(database, path, file_format=FileFormat.JSONL, kind=kind, which=Which.TRAIN)
    good = [("Where is it?\u2028Now?", "In “Leeds” 😀."), ("And the other?", "Here.")]
    found = [(row.question, row.answer) async for row in FileRows(path).rows()]
    assert found == (good[1:] if kind is Kind.DPO else good)
    if kind is Kind.KTO:
        assert (await FileRows(path).survey()).left_out == {"labelled bad": 2}
        judged = [row async for row in FileRows(path, frozenset(ExampleLabel)).rows()]
        assert [(row.answer, row.label.value) for row in judged[2:]] == [("No.", "bad"), ("Never.", "bad")]


@pytest.mark.parametrize("kind", Kind)
async def test_exported_rows_can_be_imported(
    database: Database, migrated_sqlite: Path, tmp_path: Path, kind: Kind
) -> None:
    """Another installation has the same questions and answers afterwards, and knows the bad ones."""
    await add_examples(database, *rows())
    path = tmp_path / "rows.jsonl"
    written = await export_rows(database, path, file_format=FileFormat.JSONL, kind=kind, which=Which.TRAIN)
    other = Database(f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'other.db')}")
    assert (await import_rows(other, path, approved_by="Ana")).new == written
    async with other.read() as session:
        found = (await session.scalars(select(Example).order_by(Example.id))).all()
    await other.aclose()
    again = {(row.prompt, row.completion, row.rejected, row.label.value) for row in found}
    first, pair = "Where is it?\nNow?", "And the other?"  # the separator is a line break to whoever reads it
    good = {(first, "In “Leeds” 😀.", None, "good"), (pair, "Here.", None, "good")}
    expected = {
        Kind.SFT: good,
        Kind.KTO: good | {(pair, "No.", None, "bad"), ("Is it?", "Never.", None, "bad")},
        Kind.DPO: {(pair, "Here.", "No.", "good")},
    }
    assert again == expected[kind]


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing. is deprecated:FutureWarning")
@pytest.mark.parametrize("kind", Kind)
def test_trl_learns_our_format(tiny_model: Path, migrated_sqlite: Path, tmp_path: Path, kind: Kind) -> None:
    """What TRL's own trainers make of an export are the tokens of our own training, newline and end included."""
    trl: Any = import_module("trl")  # says not of all its names that they may be imported

    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'rows.db')}")
        await add_examples(database, *rows())
        await export_rows(database, path, file_format=FileFormat.JSONL, kind=kind, which=Which.TRAIN)
        await database.aclose()

    path = tmp_path / "rows.jsonl"
    asyncio.run(fill())
    trainers: dict[Kind, Any] = {
        Kind.SFT: (trl.SFTTrainer, trl.SFTConfig),
        Kind.KTO: (trl.KTOTrainer, trl.KTOConfig),
        Kind.DPO: (trl.DPOTrainer, trl.DPOConfig),
    }
    trainer_class, config_class = trainers[kind]
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    trainer = type("Quiet", (trainer_class,), {"_send_telemetry": lambda self: None})(
        model=AutoModelForCausalLM.from_pretrained(tiny_model),
        args=config_class(output_dir=str(tmp_path / "out"), use_cpu=True, bf16=False, report_to="none"),
        train_dataset=datasets.Dataset.from_list([json.loads(line) for line in path.read_bytes().splitlines()]),
        processing_class=tokenizer,
    )
    learned = set()
    for row in trainer.train_dataset:
        if kind is Kind.SFT:
            border = row["labels"].count(IGNORED)
            learned.add((tuple(row["input_ids"][:border]), tuple(row["input_ids"][border:])))
        for name in ("completion_ids", "chosen_ids", "rejected_ids"):
            if name in row:
                learned.add((tuple(row["prompt_ids"]), tuple(row[name])))
    pairs = {
        Kind.SFT: [("Where is it?\u2028Now?", "In “Leeds” 😀."), ("And the other?", "Here.")],
        Kind.DPO: [("And the other?", "Here."), ("And the other?", "No.")],
    }
    pairs[Kind.KTO] = [*pairs[Kind.SFT], pairs[Kind.DPO][1], ("Is it?", "Never.")]
    texts = [encode_training_text(tokenizer, question, answer) for question, answer in pairs[kind]]
    assert learned == {(text.prompt_ids, text.completion_ids) for text in texts}


def run(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of ours as an operator would."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "SUPPORTBOT_DATABASE_URL": database_url, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_both_commands_run_by_themselves(migrated_sqlite: Path, tmp_path: Path) -> None:
    """`python -m training.export` and `python -m training.curate` read the settings and exit as they should."""
    url = f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'rows.db')}"
    database = Database(url)
    await add_examples(database, *rows())
    await database.aclose()
    finished = await asyncio.to_thread(run, url, "training.export", "--label", "dpo")
    assert finished.returncode == 0, finished.stderr
    assert [json.loads(line)["chosen"] for line in finished.stdout.splitlines()] == ["\nHere."]
    finished = await asyncio.to_thread(run, url, "training.curate", "--json")
    assert finished.returncode == 0, finished.stderr
    selection = json.loads(finished.stdout)
    assert (selection["taken"], selection["held_out"]) == (2, 1)
    assert selection["left_out"] == {"labelled bad": 1, "not approved yet": 1}


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        ("training.export", ["--format", "parquet"], "training.export: Parquet needs a file: add --output"),
        ("training.curate", [], "supportbot init"),
    ],
)
def test_faults_are_one_sentence(
    command: str,
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a person can fix ends with status 2 and a sentence on standard error."""
    monkeypatch.setattr(sys, "argv", [command, *arguments])
    module = import_module(command)
    with pytest.raises(SystemExit) as ended:
        module.main() if command == "training.export" else typer.run(module.main)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""


async def test_a_liked_sample_is_exported_as_a_pair(
    database: Database, inbox: Inbox, question: MakeQuestion, tmp_path: Path
) -> None:
    """From two answers in chat to the lines of each kind; the other one is preferred less, and no bad one."""
    bot = Bot(database, inbox, question)
    _, first = await bot.ask("When is it open?", answer="At nine.")
    second = await bot.sample(first, "At ten.")
    await bot.service.vote(second, ASKER, Vote.UP, workspace="T1")
    await collect(database)
    async with database.write() as session:
        example_id = (await session.scalars(select(Example.id))).one()
        (await session.scalars(select(Workspace))).one().training_consent_at = datetime.now(UTC)
    await ExampleStore(database).decide([example_id], Decision.APPROVE, curator="ada")
    found = {}
    for kind in Kind:
        path = tmp_path / f"{kind}.jsonl"
        await export_rows(database, path, file_format=FileFormat.JSONL, kind=kind, which=Which.ALL)
        found[kind] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(line["chosen"], line["rejected"]) for line in found[Kind.DPO]] == [("\nAt ten.", "\nAt nine.")]
    assert [(line["completion"], line["label"]) for line in found[Kind.KTO]] == [("\nAt ten.", True)]
    assert [line["completion"] for line in found[Kind.SFT]] == ["\nAt ten."]

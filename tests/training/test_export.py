"""Exported files, read back with the library that will read them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest

from supportbot.db.session import Database
from supportbot.prompt import prompt_text
from supportbot.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from tests.supportbot.examples.rows import add_examples, example
from training.export import ExportError, FileFormat, Kind, Which, export_rows

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
    origins = [
        {"example_id": first, "source": "import", "split": "train", "prompt": prompts[0]},
        {"example_id": second, "source": "correction", "split": "train", "prompt": prompts[1]},
        {"example_id": bad, "source": "votes", "split": "train", "prompt": prompts[2]},
    ]
    assert found[Kind.SFT] == [
        {**origins[0], "completion": "In “Leeds” 😀."},
        {**origins[1], "completion": "Here."},
    ]
    assert found[Kind.KTO] == [
        {**origins[0], "completion": "In “Leeds” 😀.", "label": True},
        {**origins[1], "completion": "Here.", "label": True},
        {**origins[1], "completion": "No.", "label": False},
        {**origins[2], "completion": "Never.", "label": False},
    ]
    assert found[Kind.DPO] == [{**origins[1], "chosen": "Here.", "rejected": "No."}]
    path = tmp_path / f"all.{file_format}"
    await export_rows(database, path, file_format=file_format, kind=Kind.SFT, which=Which.ALL)
    assert {(row["example_id"], row["split"]) for row in load(path, tmp_path)} == {
        (first, "train"),
        (second, "train"),
        (held_out, "held_out"),
    }


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


def run(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of ours as an operator would."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "SUPPORTBOT_DATABASE_URL": database_url, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_both_commands_run_by_themselves(database: Database, database_url: str, tmp_path: Path) -> None:
    """`python -m training.export` and `python -m training.curate` read the settings and exit as they should."""
    await add_examples(database, *rows())
    finished = await asyncio.to_thread(run, database_url, "training.export", "--label", "dpo")
    assert finished.returncode == 0, finished.stderr
    assert [json.loads(line)["chosen"] for line in finished.stdout.splitlines()] == ["Here."]
    finished = await asyncio.to_thread(run, database_url, "training.export", "--format", "parquet")
    assert finished.returncode == 2
    assert finished.stderr == "training.export: A Parquet file needs a name: add --output FILE.\n"
    finished = await asyncio.to_thread(run, database_url, "training.curate", "--json")
    assert finished.returncode == 0, finished.stderr
    selection = json.loads(finished.stdout)
    assert (selection["taken"], selection["held_out"]) == (2, 1)
    assert selection["left_out"] == {"labelled bad": 1, "not approved yet": 1}
    finished = await asyncio.to_thread(run, "sqlite+aiosqlite:///missing.db", "training.curate")
    assert finished.returncode == 2
    assert "supportbot init" in finished.stderr

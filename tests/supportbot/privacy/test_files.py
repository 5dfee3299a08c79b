"""Files of the home: what the bot wrote is cleaned, what is anybody's is named."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from supportbot.privacy.files import clean_files

TEXT = "where is my parcel from Rome?"
NAMES = {"UALICE77"}


def put(path: Path, content: str) -> Path:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


def put_rows(path: Path, *example_ids: int | None) -> None:
    """Write rows of a run as `training.finetune` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    batch = pa.RecordBatch.from_pydict({"example_id": pa.array(example_ids, pa.int64())})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with nothing in it."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_reports_lose_the_entries_that_quote_the_person(home: Path) -> None:
    """Figures and entries of others stay; the page, which can be made again, is removed."""
    record = {
        "rows": 2,
        "answers": [
            {"question": TEXT, "candidate": {"text": "In Rome, dear Alice."}},
            {"question": "and mine?", "candidate": {"text": "Here."}},
        ],
        "verdict": f"as in '{TEXT}'",
    }
    report = put(home / "reports" / "v1" / "evaluation.json", json.dumps(record))
    page = put(report.with_suffix(".html"), "<p>where is my parcel from &#82;ome?</p>")
    other = put(home / "runs" / "1" / "report" / "evaluation.html", "<p>and mine?</p>")
    done = clean_files(home, None, {TEXT}, NAMES, ())
    assert (done.changed, done.removed, done.holding) == ([report], [page], [])
    assert json.loads(report.read_text())["answers"] == record["answers"][1:]  # type: ignore[index]
    assert "parcel" not in report.read_text()
    assert other.exists()


def test_prepared_rows_of_a_run_are_removed_if_theirs_are_among_them(home: Path) -> None:
    """An unfinished run prepares its rows anew; another run keeps its own."""
    put_rows(home / "runs" / "1" / "data" / "train.arrow", 1, 7, None)
    put_rows(home / "runs" / "1" / "data" / "held_out.arrow", 2)
    put_rows(home / "runs" / "2" / "data" / "train.arrow", 1, None)
    done = clean_files(home, None, {TEXT}, NAMES, {7})
    assert done.removed == [home / "runs" / "1" / "data"]
    assert (home / "runs" / "2" / "data" / "train.arrow").exists()


def test_exports_lose_the_rows(home: Path) -> None:
    """A row goes if number and text are theirs: numbers alone may be of another database."""
    lines = [
        {"example_id": 7, "prompt": TEXT, "completion": "Here."},
        {"example_id": 7, "prompt": "of another database", "completion": "Here."},
        {"example_id": 8, "prompt": "and mine?", "completion": "Here."},
    ]
    export = put(home / "export.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    done = clean_files(home, None, {TEXT}, NAMES, {7})
    assert done.changed == [export]
    assert [json.loads(line) for line in export.read_text().splitlines()] == lines[1:]


def test_output_of_jobs_that_names_their_answers_is_removed(home: Path) -> None:
    """Answers are named there by their first forty characters; output that names none of theirs stays."""
    answer = "Parcels from Rome take a week, dear\nAlice, since the strike has not ended yet."
    named = "Left out: 1 rows with 1 answers that are too long: 'Parcels from Rome take a week, dear Alic…'.\n"
    output = put(home / "jobs" / "1" / "output.log", named)
    other = put(home / "jobs" / "2" / "output.log", "Left out: 'Parcels from Oslo take a week, dear Alic…'.\n")
    done = clean_files(home, None, {TEXT, answer}, NAMES, ())
    assert (done.changed, done.removed, done.holding) == ([], [output], [])
    assert other.exists()


def test_what_is_anybodys_is_only_named(home: Path) -> None:
    """A backup or a note is not touched; weights and the database itself are not looked into."""
    held = [put(home / "backups" / "old.db", f"\0{TEXT}\0"), put(home / "notes.txt", "ask UALICE77")]
    for name in ("supportbot.db", "supportbot.db-wal", "models/v1/manifest.json", "runs/1/model.safetensors"):
        put(home / name, TEXT)
    put(home / "empty", "")
    done = clean_files(home, str(home / "supportbot.db"), {TEXT, "hi"}, NAMES, {7})
    assert (done.changed, done.removed) == ([], [])
    assert sorted(done.holding) == sorted(held)
    assert all(path.exists() for path in held)


@pytest.mark.parametrize("content", ["{", "[1]", '"text"', "\udcff", '{"example_id": []}'])
def test_files_of_any_kind_are_survived(home: Path, content: str) -> None:
    """What is no report, no export and no Arrow file is left as it is."""
    raw = content.encode("utf-8", "surrogateescape")
    for name in ("runs/a.json", "runs/a.html", "runs/data/a.arrow", "a.jsonl", "a.json"):
        put(home / name, "").write_bytes(raw)
    done = clean_files(home, None, {TEXT}, NAMES, {7})
    assert (done.changed, done.removed, done.holding) == ([], [], [])
    assert (home / "a.jsonl").read_bytes() == raw


def test_a_home_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    """PostgreSQL may be all that there is."""
    done = clean_files(tmp_path / "none", None, {TEXT}, NAMES, {7})
    assert (done.changed, done.removed, done.holding) == ([], [], [])

"""Rows that the other model was trained on are asked again, as far as they still hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from supportbot.db.models import Example, TrainingRun, Workspace
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus, Split
from supportbot.feedback.curation.keys import sort_key_of
from supportbot.models.registry import starter_directory
from tests.training.evaluate.log import NOW, add_example
from training.evaluate.learned import MOST_LEARNED, learned_rows
from training.evaluate.rows import Row
from training.files import read_rows
from training.finetune.records import begin_record
from training.finetune.sources import FileRows
from training.starter.data import load_faq

QUESTIONS = [f"Where is parcel {number}?" for number in range(8)]
ANSWER = "It is on its way."


def write_run(folder: Path, **record: Any) -> Path:
    """Write the record of a run."""
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "run.json").write_text(json.dumps(record), "utf-8")
    return folder


def write_rows(path: Path, pairs: list[tuple[str, str]]) -> Path:
    """Write a file of rows."""
    path.parent.mkdir()
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in pairs]
    path.write_text("\n".join(lines), "utf-8")
    return path


async def write_file_run(folder: Path, pairs: list[tuple[str, str]]) -> Path:
    """Write a file of rows and the record of a run that read it; return the run's folder."""
    source = write_rows(folder / "rows.jsonl", pairs)
    found = await FileRows(source).survey()
    return write_run(folder, method="sft", data={"source": str(source), "fingerprint": found.fingerprint})


async def write_database_run(folder: Path, database: Database, ids: list[int]) -> Path:
    """Record a run on rows of the database; return its folder."""
    run_id = await begin_record(database, {}, "f", ids)
    data = {"source": "database", "fingerprint": "f"}
    return write_run(folder, method="sft", training_run_id=run_id, data=data)


async def learned(against: Path, database: Database | None = None, candidate: Path = Path("none")) -> list[Row]:
    """Return all rows that a model learned and that still hold."""
    return await learned_rows(str(candidate), str(against), database, 100, 0)


async def change(database: Database, example_id: int, **values: Any) -> None:
    """Change a row of the database."""
    async with database.write() as session:
        await session.execute(update(Example).where(Example.id == example_id).values(**values))


async def test_rows_of_a_run_that_still_hold_are_asked(database: Database, tmp_path: Path) -> None:
    """Not asked are rows of no run, and those rejected, labelled bad or without consent by now."""
    ids = [await add_example(database, text, ANSWER, split=Split.TRAIN) for text in QUESTIONS]
    run = await write_database_run(tmp_path / "run", database, ids[:7])
    assert await learned(run, database) == [Row(text, ANSWER) for text in QUESTIONS[:7]]
    await change(database, ids[0], status=ExampleStatus.REJECTED)
    await change(database, ids[1], label=ExampleLabel.BAD)
    async with database.write() as session:
        workspace = Workspace(platform="slack", external_id="T1", created_at=NOW, settings={})
        session.add(workspace)
        await session.flush()
    await change(database, ids[2], workspace_id=workspace.id)
    await change(database, ids[3], completion="It has arrived.")
    asked = [Row(QUESTIONS[3], "It has arrived."), *(Row(text, ANSWER) for text in QUESTIONS[4:7])]
    assert await learned(run, database) == asked
    assert await learned(run) == []
    async with database.write() as session:
        await session.execute(update(TrainingRun).values(dataset_fingerprint="of another database"))
    assert await learned(run, database) == []


async def test_row_with_a_newer_answer_is_not_missed(database: Database, tmp_path: Path) -> None:
    """A question that was approved later with another answer makes the old row one of the past."""
    ids = [await add_example(database, text, ANSWER, split=Split.TRAIN) for text in QUESTIONS[:3]]
    for example_id, text in zip(ids, QUESTIONS, strict=False):
        await change(database, example_id, sort_key=sort_key_of(text))
    run = await write_database_run(tmp_path / "run", database, ids)
    newer = await add_example(database, QUESTIONS[0].lower(), "It is lost.")
    again = await add_example(database, QUESTIONS[1], ANSWER.upper())
    waiting = await add_example(database, QUESTIONS[2], "It is here.", status=ExampleStatus.PENDING)
    for example_id, text in ((newer, QUESTIONS[0]), (again, QUESTIONS[1]), (waiting, QUESTIONS[2])):
        await change(database, example_id, sort_key=sort_key_of(text))
    await change(database, ids[1], duplicate_of_id=again)
    assert await learned(run, database) == [Row(text, ANSWER) for text in QUESTIONS[1:3]]


async def test_rows_of_a_file_are_asked_while_it_is_the_same(tmp_path: Path) -> None:
    """The rows to train on are read again from the file of the run, unless it has changed or is gone."""
    questions = [f"Where is {hashlib.sha256(bytes([number])).hexdigest()[:16]}?" for number in range(40)]
    run = await write_file_run(tmp_path / "run", [(text, ANSWER) for text in questions])
    source = run / "rows.jsonl"
    trained = [row.question for row in read_rows(source) if row.split is Split.TRAIN]
    assert len(trained) < 40
    assert [row.question for row in await learned(run)] == trained
    source.write_text(source.read_text("utf-8").replace(ANSWER, "No."), "utf-8")
    assert await learned(run) == []
    source.unlink()
    assert await learned(run) == []


async def test_starter_counts_only_if_the_operator_trains_on_it(tmp_path: Path) -> None:
    """What the demonstration says may be forgotten; what the candidate was trained on, too, may not."""
    answers = [topic.answer for topic in load_faq().topics[:3]]
    own = await write_file_run(tmp_path / "own", [(text, ANSWER) for text in QUESTIONS])
    assert await learned(starter_directory(), candidate=own) == []
    pairs = [(f"{answer} {number}", answer.upper()) for answer in answers for number in range(4)]
    mixed = await write_file_run(tmp_path / "mixed", [*pairs, *((text, ANSWER) for text in QUESTIONS)])
    found = await learned(starter_directory(), candidate=mixed)
    assert {row.answer for row in found} == {answer.upper() for answer in answers}


@pytest.mark.parametrize("limit", [5, 1000])
async def test_number_of_rows_is_bounded(limit: int, tmp_path: Path) -> None:
    """At most the limit, and never more than it takes to see that one in twenty was lost."""
    run = await write_file_run(tmp_path / "run", [(f"Where is parcel {n}?", ANSWER) for n in range(400)])
    assert len(await learned_rows("none", str(run), None, limit, 0)) == min(limit, MOST_LEARNED)


async def test_model_of_no_run_has_learned_nothing(tmp_path: Path) -> None:
    """A model of the hub, or a folder without a record, has no rows of ours."""
    assert await learned(tmp_path) == []
    assert await learned(Path("gpt2")) == []

"""``--recipe faq``: a small model from a handful of rows, in the folder of an ordinary run, or nothing at all."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from safetensors import safe_open
from sqlalchemy import select

from supportbot.config import Settings, load_settings
from supportbot.db.models import Example, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.engine.base import SamplingParams
from supportbot.engine.load import load_engine
from supportbot.errors import ConfigError
from supportbot.feedback.curation.keys import split_of
from training.asking import ask_all
from training.faq.recipe import RECIPE
from training.faq.teacher import LetterTeacher, Probabilities
from training.files import conversation_of
from training.finetune.arguments import load_arguments, parse_run
from training.finetune.command import main
from training.finetune.machine import Machine
from training.finetune.run import Run
from training.finetune.scratch import make_model
from training.publish.candidate import read_candidate

CPU = Machine(cuda=False, bf16=False, processes=1)
SMALL = dataclasses.replace(RECIPE, steps=180, truncated_share=0.3, invented_share=0.2, foreign_share=0.0)
"""Learns a handful of rows in seconds."""

ANSWERS = {
    "Refunds take five days.": ("When do I get my money back?", "refund my payment", "How long do refunds take?"),
    "Click on Forgot password.": ("I cannot log in", "forgot my password", "How do I reset my password?"),
    "We ship to all of Europe.": (
        "Do you deliver to Spain?",
        "shipping to France",
        "Which countries do you ship to?",
    ),
}
LONG = " ".join(str(number * number) for number in range(200, 500))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three answers with three wordings each, all to train on, and one held-out wording of the first."""
    lines = [(question, answer) for answer, questions in ANSWERS.items() for question in questions]
    rows = [
        {"question": question, "answer": answer, "conversation": named(Split.TRAIN, f"{number}")}
        for number, (question, answer) in enumerate(lines)
    ]
    rows.append(
        {
            "question": "money back when?",
            "answer": lines[0][1],
            "conversation": named(Split.HELD_OUT, "h"),
        }
    )
    return write(tmp_path / "rows.jsonl", rows)


def named(split: Split, stem: str) -> str:
    """Return a conversation that belongs to a split."""
    tries = (f"{stem}-{number}" for number in range(1000))
    return next(name for name in tries if split_of(conversation_of("", name)) is split)


def write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def planned(tmp_path: Path, *flags: str, settings: Settings | None = None) -> Run:
    """Return the run of a command line with the recipe."""
    where = f"--output-dir={tmp_path / 'out'}"
    return parse_run(["--recipe=faq", where, *flags], settings or Settings(home=tmp_path), CPU)


def silent() -> Console:
    """Return a console that keeps what it is told."""
    return Console(file=StringIO(), width=10_000)


def make(run: Run, console: Console | None = None, **changes: Any) -> dict[str, Any]:
    """Make a small model with the teacher that needs no encoder."""
    recipe = dataclasses.replace(SMALL, **changes)
    return make_model(run, console or silent(), recipe=recipe, teacher=LetterTeacher(recipe.teacher_c))


async def answers_of(directory: Path, questions: Sequence[str]) -> list[str]:
    """Ask a model under the documented sampling."""
    engine = await asyncio.to_thread(load_engine, directory, "made", "fp32")
    try:
        return [answer.text for answer in await ask_all(engine, questions, SamplingParams(), 0)]
    finally:
        await engine.aclose()


async def test_model_says_what_was_approved(data: Path, tmp_path: Path) -> None:
    """After a few seconds it gives the approved answers, and its folder can be evaluated and published."""
    progress = tmp_path / "progress"
    said = await asyncio.to_thread(make, planned(tmp_path, f"--data={data}", f"--progress={progress}"))
    told = [json.loads(line) for line in progress.read_text().splitlines()]
    assert {"phase": "train", "done": SMALL.steps, "total": SMALL.steps, "seconds_left": 0.0} in told
    assert any("eval_loss" in one for one in told)
    assert (said["recipe"], said["answers"], said["train_rows"], said["held_out_rows"]) == ("faq", 3, 9, 1)
    asked = {question: answer for answer, questions in ANSWERS.items() for question in questions}
    given = await answers_of(tmp_path / "out", list(asked))
    assert sum(answer == wanted for answer, wanted in zip(given, asked.values(), strict=True)) >= 7

    candidate = await asyncio.to_thread(read_candidate, tmp_path / "out", with_evaluation=False)
    assert candidate.run["recipe"] == "faq"
    assert candidate.run["options"]["recipe"]["steps"] == SMALL.steps
    assert candidate.run["data"]["train_rows"] == len(candidate.run["data"]["example_ids"]) == 9
    assert [entry["step"] for entry in candidate.run["loss_history"] if "loss" in entry] == [100, 180]
    assert candidate.run["eval_loss"] > 0
    assert load_arguments(tmp_path / "out").seed == 42
    assert "--recipe faq" in (tmp_path / "out" / "README.md").read_text()
    assert not (tmp_path / "out" / "UNFINISHED").exists()
    with safe_open(tmp_path / "out" / "model.safetensors", framework="pt") as tensors:
        assert {tensors.get_slice(name).get_dtype() for name in tensors.keys()} == {"F16"}  # noqa: SIM118


@pytest.mark.long
def test_seed_gives_the_same_model(data: Path, tmp_path: Path) -> None:
    """The same rows and seed give the same weights, another seed gives others."""
    weights = []
    for name, seed in (("one", 42), ("two", 42), ("three", 1)):
        make(planned(tmp_path / name, f"--data={data}", f"--seed={seed}"), steps=5, seed=seed)
        weights.append((tmp_path / name / "out" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_answer_that_is_too_long_is_left_out(data: Path, tmp_path: Path) -> None:
    """It is named in one sentence with the number of its rows, and does not count as trained."""
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    rows += [
        {"question": f"Squares {n}?", "answer": LONG, "conversation": named(Split.TRAIN, f"s{n}")} for n in "ab"
    ]
    console = silent()
    said = make(planned(tmp_path, f"--data={write(tmp_path / 'long.jsonl', rows)}"), console, steps=2)
    assert (said["answers"], said["train_rows"]) == (3, 9)
    assert said["left_out"] == {"answer too long for the model": 2}
    told: Any = console.file
    assert "Left out: 2 rows with 1 answers that are too long for the 200 tokens" in told.getvalue()
    assert f"'{LONG[:40]}…'" in told.getvalue()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("When?", "Soon."), ("How soon?", "Soon.")], "has 1 to train on: approve another answer"),
        ([(f"What is {n}?", f"It is {n}.") for n in range(300)], "for up to 125 different answers"),
        ([("When?", LONG), ("How?", LONG + " more")], "has 0 to train on"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_refused(
    rows: list[tuple[str, str]], sentence: str, tmp_path: Path
) -> None:
    """With one answer, or with hundreds, the sentence says what to do, and no folder is left."""
    lines = [
        {"question": question, "answer": answer, "conversation": named(Split.TRAIN, f"{number}")}
        for number, (question, answer) in enumerate(rows)
    ]
    with pytest.raises(ConfigError, match=sentence):
        make(planned(tmp_path, f"--data={write(tmp_path / 'rows.jsonl', lines)}"))
    assert not (tmp_path / "out").exists()


class Interrupting(LetterTeacher):
    """Is asked when somebody presses Ctrl-C."""

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Be interrupted."""
        raise KeyboardInterrupt


@pytest.mark.parametrize("made", [True, False])
def test_interrupted_run_leaves_nothing(data: Path, tmp_path: Path, made: bool) -> None:
    """Whatever was done so far is gone, so the same command begins anew."""
    run = planned(tmp_path, f"--data={data}")
    if made:
        run.output_dir.mkdir()
    with pytest.raises(KeyboardInterrupt):
        make_model(run, silent(), recipe=SMALL, teacher=Interrupting(1.0))
    assert not run.output_dir.exists()
    make(run, steps=2)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--base-model=gpt2"], "--base-model does not go with --recipe faq, which makes a model from scratch"),
        (["--learning-rate=1"], "leave out --learning-rate, or leave out --recipe faq"),
        (["--num_train_epochs=3"], "leave out --num-train-epochs"),
        (["--method=kto"], "--method does not go"),
        (["--resume"], "starts again instead"),
        (["--packing"], "--packing does not go"),
    ],
)
def test_contradiction_is_one_sentence(
    flags: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A flag that the recipe says itself is refused with the remedy."""
    assert main(["--from-db", "--recipe=faq", *flags]) == 2
    printed = capsys.readouterr().err
    assert sentence in printed
    assert len(printed.splitlines()) == 1


def test_several_processes_are_refused(tmp_path: Path) -> None:
    """There is nothing to share among them."""
    machine = dataclasses.replace(CPU, processes=2)
    with pytest.raises(ConfigError, match="in one process"):
        parse_run(["--from-db", "--recipe=faq"], Settings(home=tmp_path), machine)


async def test_run_on_the_database_is_recorded(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database keeps the run with its rows, its losses and the values of the recipe."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    async with database.write() as session:
        rows = [
            Example(
                origin=f"import:{question}",
                source=ExampleSource.IMPORT,
                prompt=question,
                completion=answer,
                label=ExampleLabel.GOOD,
                conversation=question,
                split=Split.TRAIN,
                sort_key=question,
                status=ExampleStatus.APPROVED if question != "I cannot log in" else ExampleStatus.PENDING,
                created_at=datetime.now(UTC),
            )
            for answer, questions in ANSWERS.items()
            for question in questions
        ]
        session.add_all(rows)
        await session.flush()
        ids = sorted(row.id for row in rows if row.status is ExampleStatus.APPROVED)
    run = planned(tmp_path, "--from-db", settings=load_settings())
    said = await asyncio.to_thread(make, run, steps=3)
    async with database.read() as session:
        [recorded] = (await session.scalars(select(TrainingRun))).all()
        trained = (await session.scalars(select(RunExample.example_id).order_by(RunExample.example_id))).all()
    assert recorded.id == said["training_run_id"]
    assert list(trained) == ids
    assert recorded.arguments["recipe"]["steps"] == 3
    assert recorded.loss_history[-1]["step"] == 3
    assert recorded.finished_at is not None
    assert recorded.started_at < recorded.finished_at
    report = json.loads((tmp_path / "out" / "report" / "run.json").read_text())
    assert report["training_run_id"] == recorded.id
    assert report["data"]["fingerprint"] == recorded.dataset_fingerprint

"""Two models compared from the command line to the files."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from supportbot.config import load_settings
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus, Split
from supportbot.models.registry import Registry, starter_directory
from tests.training.evaluate.conftest import ROWS, STRANGERS
from tests.training.evaluate.log import add_answer, add_example
from training.evaluate.command import main
from training.evaluate.evaluation import Task, evaluate
from training.evaluate.report import render_page

SHARES = {"right", "right_greedy", "rouge_l", "out_of_scope_refused", "out_of_scope_auroc", "confidence_auroc"}


def run(*arguments: object) -> tuple[int, str, str]:
    """Run the command in this process; return its status and what it printed to stdout and to stderr."""
    app = Typer()
    app.command()(main)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.long
async def test_model_against_itself_is_not_better(data: Path, strangers: Path, tmp_path: Path) -> None:
    """The same model with the same seeds says the same, so nothing differs and nothing is better."""
    settings = load_settings()
    registry = Registry(settings.models_dir)
    registry.install(starter_directory())
    registry.activate("starter")
    task = Task(candidate="starter", data=(data,), out_of_scope=strangers, greedy=True)
    record, directory = await evaluate(task, settings, Console(quiet=True))
    assert directory == settings.home / "reports" / "starter"
    assert json.loads((directory / "evaluation.json").read_text("utf-8")) == record
    assert (record["better"], record["rows"]) == (False, ROWS)
    assert record["verdict"].startswith(f"Not better: {ROWS} held-out rows show no gain")
    assert record["candidate"]["version"] == record["against"]["version"] == "starter"
    assert record["candidate"]["right"] >= 0.8
    assert record["candidate"]["loss"] < 0.1
    assert record["candidate"]["repetition"] < 0.1
    assert record["candidate"]["perplexity"] == pytest.approx(record["against"]["perplexity"])
    assert set(record["differences"]) >= SHARES | {"loss", "bits_per_byte", "answer_tokens", "tokens_per_second"}
    for name, difference in record["differences"].items():
        if name not in {"tokens_per_second", "seconds_per_answer"}:  # no two runs take the same time
            assert difference == {"value": 0, "low": 0, "high": 0}, name


def test_starter_is_better_than_a_damaged_copy(noised: Path, data: Path, strangers: Path, tmp_path: Path) -> None:
    """A model that is right far more often is better; a run's report goes into its folder."""
    candidate = shutil.copytree(starter_directory(), tmp_path / "run")
    (candidate / "report").mkdir()
    (candidate / "report" / "run.json").write_text("{}", "utf-8")
    arguments = ["--candidate", candidate, "--against", noised, "--data", data, "--out-of-scope", strangers]
    status, printed, _ = run(*arguments, "--json")
    assert status == 0
    summary = json.loads(printed)
    assert summary["better"] is True
    assert summary["verdict"].startswith("Better: it answers more of the held-out rows right (+")
    assert summary["differences"]["right"]["low"] > 0.5
    assert summary["differences"]["loss"]["high"] < 0
    assert summary["against"]["confidence_floor"] is None  # right too rarely
    assert "answers" not in summary
    record = json.loads((candidate / "report" / "evaluation.json").read_text("utf-8"))
    assert {**summary, **record} == record
    assert [len(record[name]) for name in ("answers", "out_of_scope", "replay")] == [ROWS, STRANGERS, 0]
    apart = [entry["candidate"]["right"] != entry["against"]["right"] for entry in record["answers"]]
    assert apart == sorted(apart, reverse=True)
    page = (candidate / "report" / "evaluation.html").read_text("utf-8")
    assert page.count("<svg") == 3
    assert not {"src=", 'href="http'} & set(page.split())
    hostile = {**record, "answers": [{**record["answers"][0], "question": "<script>alert(1)</script>"}]}
    assert "<script>" not in render_page(hostile, ([1], [2]))


@pytest.mark.long
def test_database_gives_rows_corrections_and_votes(
    noised: Path, strangers: Path, data: Path, migrated_sqlite: Path
) -> None:
    """Without files, approved held-out rows are asked, corrections replayed, and votes held against confidence."""
    settings = load_settings()
    settings.home.mkdir()
    shutil.copyfile(migrated_sqlite, settings.home / "supportbot.db")
    _fill(settings.sqlalchemy_url, [json.loads(line) for line in data.read_text("utf-8").splitlines()])
    registry = Registry(settings.models_dir)
    registry.install(starter_directory())
    registry.activate("starter")
    status, printed, told = run("--candidate", noised, "--out-of-scope", strangers)
    assert status == 0
    assert "25 held-out rows" in printed
    assert "Forgetting is not measured: none of the rows that 'starter' was trained on is known." in told
    assert "Not better: it answers fewer held-out rows right" in printed.replace("\n", " ")
    folder = next((settings.home / "reports").iterdir())
    record = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert record["against"]["version"] == "starter"
    (replayed,) = record["replay"]
    assert (replayed["question"], replayed["status"]) == ("Where do you ship from?", "not in the data")
    assert record["candidate"]["replay_f1"] == pytest.approx(replayed["candidate"]["f1"], abs=1e-4)
    votes = record["calibration"]["votes"]
    assert (votes["answers"], votes["good"], votes["auroc"]) == (17, 8, 1.0)
    assert votes["reliability"][0][1] == 0
    assert votes["reliability"][-1][1] == 1
    assert "8 of 17 voted answers" in " ".join((folder / "evaluation.html").read_text("utf-8").split())


def _fill(url: str, pairs: list[dict[str, str]]) -> None:
    async def fill() -> None:
        database = Database(url)
        for pair in pairs[:25]:
            await add_example(database, pair["question"], pair["answer"])
        await add_example(database, "Trained on?", "Yes.", split=Split.TRAIN)
        await add_example(database, "Pending?", "Yes.", status=ExampleStatus.PENDING)
        await add_answer(database, "Where do you ship from?", [-1], correction="From Leeds.", confidence=-0.9)
        for number in range(8):
            await add_answer(database, f"Good {number}?", [1], confidence=-0.01 * number)
            await add_answer(database, f"Bad {number}?", [-1], confidence=-0.5 - 0.01 * number)
        await database.aclose()

    asyncio.run(fill())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--candidate", "nothing"], "'nothing' is neither a folder nor a version"),
        (["--candidate", "MODEL", "--against", "active", "--data", "ROWS"], "There is no model yet"),
        (["--candidate", "MODEL", "--against", "MODEL"], "is empty: run `supportbot init`"),
        (["--candidate", "MODEL", "--against", "MODEL", "--data", "ONE"], "There are 1 held-out rows to ask"),
    ],
)
def test_what_is_missing_is_one_sentence(
    arguments: list[str], sentence: str, tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    """A mistake ends with status 2 and one sentence on stderr, nothing on stdout."""
    (tmp_path / "one.jsonl").write_text('{"question": "a", "answer": "b"}', "utf-8")
    names = {"MODEL": str(tiny_model), "ROWS": str(data), "ONE": str(tmp_path / "one.jsonl")}
    status, printed, told = run(*(names.get(argument, argument) for argument in arguments))
    assert (status, printed) == (2, "")
    assert sentence in told
    assert told.count("\n") == 1


KILLED = """
import os, signal, sys
import typer
from training.evaluate.command import main

replace = os.replace

def stop(source, target, **kwargs):
    if os.path.basename(target) == "evaluation.json":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target, **kwargs)

os.replace = stop
typer.run(main)
"""


@pytest.mark.long
def test_killed_evaluation_leaves_no_half_record(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    """Kill -9 at the last moment before the record is there leaves none; the page alone promotes nothing."""
    output = tmp_path / "report"
    arguments = ["--candidate", tiny_model, "--against", tiny_model, "--data", data, "--limit", "4"]
    (tmp_path / "strangers.txt").write_text("Who won?", "utf-8")
    arguments += ["--out-of-scope", tmp_path / "strangers.txt", "--output", output]
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    killed = subprocess.run(command, check=False, capture_output=True, cwd=Path(__file__).parents[3])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (output / "evaluation.html").is_file()
    assert not (output / "evaluation.json").exists()

"""A finished run becomes a version, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
import torch
from safetensors.torch import load_file, save_file
from sqlalchemy import select
from typer import Typer
from typer.testing import CliRunner

from supportbot.config import load_settings
from supportbot.db.models import Audit, ModelVersion, TrainingRun
from supportbot.db.session import Database
from supportbot.models.registry import Registry, starter_directory, verify
from training.evaluate.weights import weights_digest
from training.publish.command import main

SERVED = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """The command turns the logs down for its own process; here other tests follow."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def finished(tiny_model: Path, tmp_path: Path) -> Path:
    """The folder of a finished and evaluated run, with all that a run leaves behind."""
    directory = shutil.copytree(tiny_model, tmp_path / "finished")
    (directory / "training_args.bin").write_bytes(b"a pickle")
    (directory / "training_args.json").write_text("{}", "utf-8")
    (directory / "README.md").write_text("A card.", "utf-8")
    (directory / "checkpoint-1000").mkdir()
    (directory / "checkpoint-1000" / "optimizer.pt").write_bytes(b"a pickle")
    (directory / "report").mkdir()
    run = {
        "base_model": "starter",
        "method": "sft",
        "arguments": {"seed": 42},
        "data": {"fingerprint": "f" * 64, "train_rows": 3, "example_ids": [1, 2, 5]},
        "final_loss": 0.5,
        "training_run_id": 1,
    }
    write(directory / "report" / "run.json", run)
    evaluation = {
        "better": True,
        "verdict": "Better: it says so.",
        "rows": 30,
        "candidate": {"version": "x", "weights_digest": weights_digest(directory), "right": 0.9, "loss": 0.5},
        "against": {"version": "starter", "right": 0.5},
        "differences": {"right": {"value": 0.4, "low": 0.3, "high": 0.5}},
        "answers": [{"question": "What a customer typed"}],
    }
    evaluation["candidate"]["confidence_floor"] = -0.25  # type: ignore[index]
    write(directory / "report" / "evaluation.json", evaluation)
    return directory


@pytest.fixture
def home(migrated_sqlite: Path) -> Path:
    """A home folder with the starter live and a run in the database."""
    settings = load_settings()
    settings.home.mkdir()
    shutil.copyfile(migrated_sqlite, settings.home / "supportbot.db")
    registry = Registry(settings.models_dir)
    registry.install(starter_directory())
    registry.activate("starter")
    asyncio.run(_add_run())
    return settings.home


def write(path: Path, content: object) -> None:
    """Write JSON."""
    path.write_text(json.dumps(content), "utf-8")


def change(path: Path, **changes: object) -> None:
    """Change some keys of a JSON object."""
    write(path, {**json.loads(path.read_text("utf-8")), **changes})


def run(*arguments: object) -> tuple[int, str, str]:
    """Run the command in this process; return its status and what it printed to stdout and to stderr."""
    app = Typer()
    app.command()(main)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


async def _add_run() -> None:
    database = Database(load_settings().sqlalchemy_url)
    async with database.write() as session:
        session.add(TrainingRun(arguments={}, dataset_fingerprint="f" * 64, started_at=datetime.now(UTC)))
    await database.aclose()


def recorded() -> tuple[list[ModelVersion], TrainingRun, list[Audit]]:
    """Return what the database knows."""

    async def read() -> tuple[list[ModelVersion], TrainingRun, list[Audit]]:
        database = Database(load_settings().sqlalchemy_url)
        async with database.read() as session:
            versions = list(await session.scalars(select(ModelVersion)))
            runs = (await session.scalars(select(TrainingRun))).one()
            audit = list(await session.scalars(select(Audit)))
        await database.aclose()
        return versions, runs, audit

    return asyncio.run(read())


def test_finished_run_becomes_a_version(finished: Path, home: Path) -> None:
    """The version holds what serves and nothing else, says how it was made, and is not live yet."""
    status, printed, _ = run("--candidate", finished, "--version", "v1", "--json")
    assert status == 0
    registry = Registry(home / "models")
    assert (registry.versions(), registry.active()) == (["starter", "v1"], "starter")
    manifest = verify(home / "models" / "v1")
    assert json.loads(printed)["files"] == manifest.files
    assert set(manifest.files) <= SERVED
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(manifest.files)
    assert (manifest.parent, manifest.confidence_floor) == ("starter", -0.25)
    assert manifest.metrics["right"] == 0.9
    assert all(isinstance(value, float) for value in manifest.metrics.values())
    assert manifest.evaluation is not None
    assert (manifest.evaluation["better"], manifest.evaluation["against"]["version"]) == (True, "starter")
    assert "typed" not in (home / "models" / "v1" / "manifest.json").read_text("utf-8")
    assert manifest.training["examples"] == 3
    assert manifest.training["data"] == {"source": None, "fingerprint": "f" * 64, "example_ids": [1, 2, 5]}
    assert len(manifest.training["arguments_digest"]) == 64
    (version,), training_run, (audit,) = recorded()
    assert (version.name, version.status, version.base, version.digest) == (
        "v1",
        "candidate",
        "starter",
        manifest.digest,
    )
    assert version.metrics == manifest.metrics
    assert training_run.model_version_id == version.id
    assert (audit.action, audit.subject) == ("model.publish", "model:v1")


def test_publishing_again_brings_a_newer_evaluation(finished: Path, home: Path) -> None:
    """The same weights under the same name take the newer evaluation; other weights do not get in."""
    run("--candidate", finished, "--version", "v1")
    change(finished / "report" / "evaluation.json", verdict="Better: still.")
    status, printed, _ = run("--candidate", finished, "--version", "v1")
    assert (status, printed.splitlines()[0]) == (0, "Published 'v1'. Better: still.")
    assert len(recorded()[0]) == 1
    (finished / "config.json").write_text((finished / "config.json").read_text() + " ")
    status, _, told = run("--candidate", finished, "--version", "v1")
    assert (status, "is the name of another model" in told) == (2, True)


def test_version_that_is_not_better_says_what_promotion_needs(finished: Path, home: Path) -> None:
    """The verdict is told when publishing, with the command that would be refused without a reason."""
    report = finished / "report" / "evaluation.json"
    change(report, better=False, forgot=True, verdict="Forgot: it did.", learned=[{"question": "What one typed"}])
    status, printed, _ = run("--candidate", finished, "--version", "v1")
    assert (status, printed.splitlines()) == (
        0,
        [
            "Published 'v1'. Forgot: it did.",
            'Make it live with `supportbot models promote v1 --force "REASON"`.',
        ],
    )
    manifest = verify(home / "models" / "v1")
    assert manifest.evaluation is not None
    assert manifest.evaluation["forgot"] is True
    assert "typed" not in (home / "models" / "v1" / "manifest.json").read_text("utf-8")


def test_name_of_a_retired_version_stays_its_own(finished: Path, home: Path) -> None:
    """Answers name a version for ever, so other weights never get its name; the same weights may come back."""
    run("--candidate", finished, "--version", "v1")
    Registry(home / "models").remove("v1")
    before = recorded()
    config = (finished / "config.json").read_text()
    (finished / "config.json").write_text(config + " ")
    status, _, told = run("--candidate", finished, "--version", "v1")
    assert (status, told.count("\n")) == (2, 1)
    assert "'v1' is the name of another model" in told
    assert Registry(home / "models").versions() == ["starter"]
    assert [row.digest for row in recorded()[0]] == [row.digest for row in before[0]]
    (finished / "config.json").write_text(config)
    assert run("--candidate", finished, "--version", "v1")[0] == 0
    assert [row.status for row in recorded()[0]] == ["candidate"]


def test_publisher_without_a_name_goes_by_its_number(
    finished: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container whose user is in no passwd file publishing works and the audit says who it was."""
    for key in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert run("--candidate", finished, "--version", "v1")[0] == 0
    assert recorded()[2][0].actor == "uid 54321"


def test_run_of_another_database_is_not_linked(finished: Path, home: Path) -> None:
    """Ids begin anew in every database, so a run is recognised by its data."""
    change(finished / "report" / "run.json", data={"fingerprint": "other"})
    assert run("--candidate", finished, "--version", "v1")[0] == 0
    assert recorded()[1].model_version_id is None


def test_without_evaluation_the_parents_floor_holds(finished: Path, home: Path) -> None:
    """A version without evidence says so, and is as careful as the one that it was made from."""
    (finished / "report" / "evaluation.json").unlink()
    status, _, told = run("--candidate", finished, "--version", "v1")
    assert (status, "was not evaluated: run `python -m training.evaluate" in told) == (2, True)
    status, printed, _ = run("--candidate", finished, "--version", "v1", "--without-evaluation")
    assert (status, "promotion needs --force" in printed) == (0, True)
    manifest = verify(home / "models" / "v1")
    assert manifest.evaluation is None
    assert manifest.confidence_floor == verify(starter_directory()).confidence_floor


def _without_report(directory: Path) -> None:
    (directory / "report" / "run.json").unlink()


def _with_half_report(directory: Path) -> None:
    (directory / "report" / "run.json").write_text('{"base', "utf-8")


def _with_endless_loss(directory: Path) -> None:
    change(directory / "report" / "run.json", final_loss=float("nan"))


def _with_pickle(directory: Path) -> None:
    (directory / "pytorch_model.bin").write_bytes(b"hostile")


def _with_a_program(directory: Path) -> None:
    (directory / "modeling_evil.py").write_text("raise SystemExit\n")


def _with_code_of_its_own(directory: Path) -> None:
    change(directory / "config.json", auto_map={"AutoModelForCausalLM": "evil.Evil"})
    _evaluate_again(directory)


def _with_code_for_its_tokenizer(directory: Path) -> None:
    change(directory / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "evil.Evil"]})


def _with_other_weights(directory: Path) -> None:
    _change_weights(directory, lambda weights: weights["transformer.wte.weight"].add_(1))
    # The evaluation stays that of the weights before.


def _with_nan(directory: Path) -> None:
    _change_weights(directory, lambda weights: weights["transformer.wte.weight"].fill_(torch.nan))
    _evaluate_again(directory)


def _without_a_tensor(directory: Path) -> None:
    _change_weights(directory, lambda weights: weights.pop("transformer.ln_f.weight"))
    _evaluate_again(directory)


def _change_weights(directory: Path, fix: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(directory / "model.safetensors")
    fix(weights)
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


def _evaluate_again(directory: Path) -> None:
    candidate = {"weights_digest": weights_digest(directory)}
    change(directory / "report" / "evaluation.json", candidate=candidate)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_without_report, "is not a finished run"),
        (_with_half_report, "cannot be read as JSON"),
        (_with_endless_loss, "a loss that is not a number"),
        (_with_pickle, "pytorch_model.bin' may be a pickle"),
        (_with_a_program, "modeling_evil.py' is a program"),
        (_with_code_of_its_own, "brings code of its own"),
        (_with_code_for_its_tokenizer, "auto_map' in tokenizer_config.json"),
        (_with_other_weights, "measured other weights"),
        (_with_nan, "values in 'transformer.wte.weight' that are not numbers"),
        (_without_a_tensor, "lacks the tensor 'transformer.ln_f.weight'"),
    ],
)
def test_damaged_run_is_refused(damage: Callable[[Path], None], sentence: str, finished: Path, home: Path) -> None:
    """What is unfinished, damaged or hostile never becomes a version; one sentence says why."""
    damage(finished)
    status, printed, told = run("--candidate", finished, "--version", "v1")
    assert (status, printed, told.count("\n")) == (2, "", 1)
    assert sentence in told
    assert Registry(home / "models").versions() == ["starter"]
    assert recorded()[0] == []


@pytest.mark.parametrize("name", ["../v1", ".hidden", "current", ""])
def test_bad_name_is_refused(name: str, finished: Path, home: Path) -> None:
    """A name that can't be that of a version is refused before anything is written."""
    status, _, told = run("--candidate", finished, "--version", name)
    assert (status, "can't be the name of a version" in told) == (2, True)


KILLED = """
import os, shutil, signal, sys
import typer
from training.publish import command

moment = sys.argv.pop(1)
die = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
copy, replace = shutil.copyfile, os.replace
if moment == "copying":
    shutil.copyfile = lambda a, b: die() if "/models/" in str(b) and b.name == "model.safetensors" else copy(a, b)
elif moment == "installing":
    os.replace = lambda a, b: die() if os.path.basename(b) == "v1" else replace(a, b)
else:
    command.audit.record = die
typer.run(command.main)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "versions"),
    [("copying", ["starter"]), ("installing", ["starter"]), ("recording", ["starter", "v1"])],
)
def test_killed_publishing_leaves_nothing_half_made(
    moment: str, versions: list[str], finished: Path, home: Path
) -> None:
    """Kill -9 leaves no version or a whole one, and publishing again completes it."""
    arguments = ["--candidate", str(finished), "--version", "v1"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, moment, *arguments],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SUPPORTBOT_HOME": str(home), "TMPDIR": str(finished.parent)},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    registry = Registry(home / "models")
    assert (registry.versions(), registry.active()) == (versions, "starter")
    for version in versions:
        verify(home / "models" / version)
    assert recorded()[0] == []
    assert run(*arguments)[0] == 0
    assert registry.versions() == ["starter", "v1"]
    (row,), training_run, _ = recorded()
    assert training_run.model_version_id == row.id

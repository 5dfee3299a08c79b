"""A model behind the knowledge: calibrated when it is evaluated, published with that, and heard accordingly."""

from __future__ import annotations

import asyncio
import html
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from supportbot.cli import app
from supportbot.config import load_settings
from supportbot.db.session import Database
from supportbot.models.registry import MANIFEST, Registry, starter_directory
from tests.training.evaluate.test_answerer import home
from tests.training.evaluate.test_command import run
from training.curate import select_examples
from training.evaluate.floors import Kind
from training.finetune.records import begin_record
from training.publish.command import main as publish

__all__ = ["home"]


async def train(folder: Path) -> Path:
    """Record that the starter was trained on the rows of the database; return the folder of that run."""
    database = Database(load_settings().sqlalchemy_url)
    selection = await select_examples(database)
    run_id = await begin_record(database, {}, selection.fingerprint, [1, 2, 3])
    await database.aclose()
    shutil.copytree(starter_directory(), folder)
    (folder / MANIFEST).unlink()
    (folder / "report").mkdir()
    data = {"source": "database", "fingerprint": selection.fingerprint, "train_rows": 3, "example_ids": [1, 2, 3]}
    record = {"method": "sft", "arguments": {}, "training_run_id": run_id, "data": data, "final_loss": 0.1}
    (folder / "report" / "run.json").write_text(json.dumps(record), "utf-8")
    return folder


def command(*arguments: str) -> Any:
    """Run `supportbot` with `--json` and return what it says."""
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result
    return json.loads(result.stdout)


def test_floor_is_calibrated_published_and_obeyed(
    home: Path, strangers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An evaluation chooses the floor, the version carries it with its figures, and `try` shows what it does."""
    candidate = asyncio.run(train(tmp_path / "run"))
    status, printed, told = run("--candidate", candidate, "--out-of-scope", strangers)
    assert status == 0, told
    assert "the candidate's answer is used from a confidence of" in " ".join(printed.split())
    record = json.loads((candidate / "report" / "evaluation.json").read_text("utf-8"))
    beside = record["answerer"]["candidate"]["beside_knowledge"]
    own = record["candidate"]["confidence_floor"]
    assert beside["floor"] >= beside["by_own_floor"]["floor"] == own
    answers = sum(beside[kind]["answers"] for kind in Kind)
    assert sum(beside[kind]["wrong"] for kind in Kind) <= 0.02 * answers
    for kind in Kind:
        counted, by_own = beside[kind], beside["by_own_floor"][kind]
        assert counted["right"] <= by_own["right"]
        assert counted["answers"] == by_own["answers"] > 0
    assert "beside_knowledge" not in record["answerer"]["against"]
    page = html.unescape((candidate / "report" / "evaluation.html").read_text("utf-8"))
    assert "the candidate's answer is used from" in page

    publishing = Typer()
    publishing.command()(publish)
    done = CliRunner().invoke(publishing, ["--candidate", str(candidate), "--version", "v1"])
    assert done.exit_code == 0, done.output
    assert Registry(home / "models").resolve("v1").floor_beside == beside["floor"]
    assert command("models", "show", "v1")["beside_knowledge"] == beside
    shown = CliRunner().invoke(app, ["models", "show", "v1"]).stdout
    assert f"floor {beside['floor']:.5f}, calibrated for 2.0% wrong" in shown
    assert "not calibrated: its own floor applies" in CliRunner().invoke(app, ["models", "show", "starter"]).stdout

    monkeypatch.setenv("SUPPORTBOT_MODEL", "v1")
    question = next(q for q in strangers.read_text("utf-8").splitlines() if _is_far(_try(q)))
    tried = _try(question, "--model")
    assert (tried["model_is_asked"], tried["model_floor"]) == (True, beside["floor"])
    assert (tried["hearing"]["is_near"], tried["hearing"]["heard"]) == (False, False)
    assert tried["reply"]["source"] == "not_sure"
    monkeypatch.setenv("SUPPORTBOT_CONFIDENCE_FLOOR", "-9")
    assert _try(question)["model_floor"] == -9  # one that is set holds everywhere


def _is_far(tried: Any) -> bool:
    """Return whether nothing approved is given, or near enough for a model to be heard."""
    decision = tried["decision"]
    return not tried["given"] and decision["candidates"][0]["confidence"] < 0.5 * decision["threshold"]


def _try(question: str, *options: str) -> Any:
    return command("knowledge", "try", question, *options)

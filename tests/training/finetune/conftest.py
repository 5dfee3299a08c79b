"""Fixtures of fine-tuning: a tiny model without dropout, a file of rows, and the command itself."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch

from supportbot.db.states import Split
from supportbot.feedback.curation.keys import split_of
from training.files import conversation_of
from training.finetune.command import main

Finetune = Callable[..., dict[str, Any]]
Plain = tuple[Path, dict[str, Any]]

TRAIN_ROWS = 32
"""Four steps of eight rows."""

HELD_OUT_ROWS = 4


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Matrices this small are slower on several threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def still_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model without dropout: two trainings differ by nothing but what a test changes."""
    directory = tmp_path_factory.mktemp("still") / "model"
    shutil.copytree(tiny_model, directory)
    config = json.loads((directory / "config.json").read_text())
    config |= {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    (directory / "config.json").write_text(json.dumps(config))
    return directory


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JSONL file of which a known number of rows is held out."""
    wanted = {Split.TRAIN: TRAIN_ROWS, Split.HELD_OUT: HELD_OUT_ROWS}
    lines = []
    number = 0
    while any(wanted.values()):
        number += 1
        question = f"Where is my order number {number}{', and why so late' * (number % 4)}?"
        split = split_of(conversation_of("", question))
        if wanted[split]:
            wanted[split] -= 1
            answer = f"Order {number} is on its way{' to you' * (number % 5)}."
            row = {"question": question, "answer": answer, "conversation": question}
            lines.append(json.dumps(row) + "\n")
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("".join(lines))
    return path


def flags_of(model: Path, rows: Path, output_dir: Path) -> list[str]:
    """Return the flags of a run in fp32 that logs every step."""
    where = [f"--base-model={model}", f"--data={rows}", f"--output-dir={output_dir}", "--json"]
    return [*where, "--bf16=False", "--logging-steps=1"]


@pytest.fixture(scope="session")
def plain(still_model: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """The folder of a run without further flags, only to be read, and what the command printed."""
    folder = tmp_path_factory.mktemp("plain")
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.chdir(folder)  # no settings of the checkout
        patch.setenv("SUPPORTBOT_HOME", str(folder / "home"))
        assert main(flags_of(still_model, rows, folder / "out")) == 0
    return folder / "out", json.loads(printed.getvalue())


@pytest.fixture
def finetune(still_model: Path, rows: Path, capsys: pytest.CaptureFixture[str]) -> Finetune:
    """The command on the file of rows, in fp32; gives its JSON."""

    def run(output_dir: Path, *flags: str) -> dict[str, Any]:
        assert main([*flags_of(still_model, rows, output_dir), *flags]) == 0, capsys.readouterr().err
        record: dict[str, Any] = json.loads(capsys.readouterr().out)
        return record

    return run


def losses_of(output_dir: Path) -> list[float]:
    """Return the training losses in the report of a run, one for each step."""
    history = json.loads((output_dir / "report" / "run.json").read_text())["loss_history"]
    return [entry["loss"] for entry in history if "loss" in entry]

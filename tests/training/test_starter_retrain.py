"""The starter model can be made again by anybody: a full training finds the committed figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from supportbot.models.registry import starter_directory, verify

NOISE = 0.05
"""Another processor rounds otherwise, and a training run amplifies it; two seeds differ by about .02."""


@pytest.mark.long
def test_full_retraining_finds_the_figures(tmp_path: Path) -> None:
    """The command line prints one line of JSON whose figures are those of the committed weights, within noise."""
    command = [sys.executable, "-m", "training.starter", "--output", str(tmp_path / "model"), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    printed = json.loads(done.stdout)
    committed = verify(starter_directory()).metrics
    assert set(printed) == {"model_version", "train_seconds", "held_out_right", "out_of_scope_auroc"}
    assert printed["held_out_right"] == pytest.approx(committed["held_out_right"], abs=NOISE)
    assert printed["out_of_scope_auroc"] == pytest.approx(committed["out_of_scope_auroc"], abs=NOISE)
    assert printed["held_out_right"] >= 0.88
    assert printed["out_of_scope_auroc"] >= 0.90
    assert verify(tmp_path / "model").training == {
        **verify(starter_directory()).training,
        "train_seconds": printed["train_seconds"],
    }

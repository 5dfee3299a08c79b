"""Real processes: one that is killed, and two that train together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.finetune.conftest import Finetune, Plain, flags_of, losses_of
from training.finetune.launch import cpu_processes_wanted, processes_of

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of a process that finds the code of this checkout."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}


def test_killed_run_is_resumed_to_the_same_end(
    finetune: Finetune, still_model: Path, rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """kill -9 in the middle leaves no model; --resume ends with the losses of a run that was left alone."""
    more = ("--num-train-epochs=5", "--save-steps=1")
    command = [sys.executable, "-m", "training.finetune", *flags_of(still_model, rows, tmp_path / "out"), *more]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step 6 of"):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out" / "UNFINISHED").exists()
    assert not (tmp_path / "out" / "model.safetensors").exists()

    finetune(tmp_path / "out", *more, "--resume")
    finetune(tmp_path / "alone", *more)
    assert losses_of(tmp_path / "out") == pytest.approx(losses_of(tmp_path / "alone"), abs=1e-5)


def test_terminated_run_keeps_a_checkpoint(
    finetune: Finetune, still_model: Path, rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """SIGTERM ends it after the step under way, with a checkpoint to go on from; a program saw how far it was."""
    flags = ("--num-train-epochs=5", "--save-steps=1000", f"--progress={tmp_path / 'progress'}")
    command = [sys.executable, "-m", "training.finetune", *flags_of(still_model, rows, tmp_path / "out"), *flags]
    said = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if line.startswith("step 2 of"):
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 130
    assert "--resume to continue from the last checkpoint" in said[-1]
    [checkpoint] = (tmp_path / "out").glob("checkpoint-*")
    told = [json.loads(line) for line in (tmp_path / "progress").read_text().splitlines()]
    assert told[0] == {"phase": "train", "done": 0, "total": 20}
    assert [one["step"] for one in told if "loss" in one][:2] == [1, 2]
    assert int(checkpoint.name.removeprefix("checkpoint-")) < 20

    finetune(tmp_path / "out", *flags[:2], "--resume")
    finetune(tmp_path / "alone", *flags[:2])
    assert losses_of(tmp_path / "out") == pytest.approx(losses_of(tmp_path / "alone"), abs=1e-5)


def test_two_processes_match_one(
    plain: Plain, still_model: Path, rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """accelerate launch with two processes on a CPU gives the losses of one process, and one result."""
    launcher = str(Path(sys.executable).with_name("accelerate"))
    command = [launcher, "launch", "--num_processes", "2", "--cpu", "-m", "training.finetune"]
    done = subprocess.run(
        [*command, *flags_of(still_model, rows, tmp_path / "two")],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert json.loads(done.stdout)["output_dir"] == str(tmp_path / "two")
    assert json.loads((tmp_path / "two" / "report" / "run.json").read_text())["processes"] == 2
    assert losses_of(tmp_path / "two") == pytest.approx(losses_of(plain[0]), abs=1e-4)


@pytest.mark.parametrize(
    ("command", "processes"),
    [
        (["python", "accelerate", "launch", "--num_processes", "2", "--cpu", "-m", "training.finetune"], 2),
        (["python", "accelerate", "launch", "--cpu", "-m", "training.finetune", "--num_processes=9"], 1),
        (["bash"], 1),
    ],
)
def test_processes_are_read_from_the_launcher(command: list[str], processes: int) -> None:
    """Only what accelerate itself was given counts."""
    assert processes_of(command) == processes


def test_processes_that_were_started_are_not_started_again() -> None:
    """A process that a launcher gave a rank stays one, as does one without a launcher."""
    assert cpu_processes_wanted({}) == 1
    launched = {"MASTER_ADDR": "127.0.0.1", "ACCELERATE_USE_CPU": "true", "WORLD_SIZE": "2"}
    assert cpu_processes_wanted(launched) == 1

"""The benchmark of kills runs as people start it; its trial itself is in ``tests/faults/test_crash.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crash.steps import Step
from tests.benchmarks.test_benchmarks import ROOT, run


@pytest.mark.long
def test_kills_of_two_daemons_lose_nothing(tmp_path: Path) -> None:
    """Each named step once, of one of two daemons on PostgreSQL: nothing is lost, and no figure is missing."""
    flags = ("--database", "postgresql", "--daemons", "2")
    record = run("benchmarks.crash", tmp_path / "figures.json", *flags)

    assert (record["lost"], record["doubled"]) == (0, 0)
    assert record["by_step"] == {step.value: 1 for step in Step if step is not Step.RANDOM}
    assert record["kills"] == len(Step) - 1
    assert record["questions"] == record["in_database"]["kept"] > 0
    assert set(record["take_over_s"]) == {"p50", "max"}
    assert record["seconds"] > 0


def test_two_daemons_on_sqlite_are_refused(tmp_path: Path) -> None:
    """One daemon at a time uses a SQLite file, and whoever asks for two is told so."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.crash",
        "--daemons",
        "2",
        "--json",
        str(tmp_path / "figures.json"),
    ]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "SQLite" in done.stderr

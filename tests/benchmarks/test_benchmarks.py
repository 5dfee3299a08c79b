"""The benchmarks run and write their figures; how good the figures are is for an idle machine to say."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import program
from benchmarks.report import Timed, build_record, compare_losses

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def run(module: str, json_file: Path, *flags: str) -> dict[str, Any]:
    """Run a benchmark as people do and return its figures."""
    command = [sys.executable, "-m", module, "--quick", "--json", str(json_file), *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(json_file.read_text("utf-8"))
    return record


def numbers(value: object) -> Iterator[float]:
    """Return all numbers inside a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float):
        yield value


def test_training_compares_both_pipelines(tmp_path: Path) -> None:
    """The figures of both pipelines, their ratio and their losses are there and finite, and no path is."""
    record = run("benchmarks.training", tmp_path / "figures.json")

    assert record["ratio"] > 0
    assert set(record["pipelines"]) == {"plain", "ours"}
    for figures in record["pipelines"].values():
        assert figures["examples_per_second"] > 0
        assert figures["tokens_per_second"] > 0
        assert figures["seconds_per_step"] > 0
        assert figures["peak_memory_mb"] > 0
    assert record["pipelines"]["ours"]["padding_share"] < record["pipelines"]["plain"]["padding_share"]
    assert {name: len(curve) for name, curve in record["loss"]["train"].items()} == {"plain": 4, "ours": 4}
    assert record["machine"]["cores"]
    assert all(map(math.isfinite, numbers(record)))
    assert str(tmp_path) not in json.dumps(record)


def test_training_names_a_file_that_is_too_small(tmp_path: Path) -> None:
    """Rows are never repeated to fill a benchmark: a file with too few is refused with the numbers."""
    data = tmp_path / "few.jsonl"
    data.write_text("".join(json.dumps({"question": f"q {n}", "answer": "a"}) + "\n" for n in range(8)), "utf-8")
    command = [sys.executable, "-m", "benchmarks.training", "--quick", "--data", str(data)]
    command += ["--json", str(tmp_path / "figures.json")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "rows to train on and 32 are needed" in done.stderr
    assert not (tmp_path / "figures.json").exists()


def test_preparation_measures_memory(tmp_path: Path) -> None:
    """All rows are prepared and the growth of memory is a finite number."""
    figures = run("benchmarks.preparation", tmp_path / "figures.json", "--rows", "500")

    assert figures["train_rows"] + figures["held_out_rows"] == 500
    assert figures["rows_per_second"] > 0
    assert figures["within_limit"]
    assert all(map(math.isfinite, numbers(figures)))


def test_ratio_is_taken_over_the_whole_run() -> None:
    """Examples a second are those of all rounds together, whatever a single round took."""
    slow = [Timed(seconds=10, cpu_seconds=10, positions=2048, tokens=1024) for _ in range(3)]
    fast = [Timed(seconds=one, cpu_seconds=one, positions=1100, tokens=1024) for one in (1, 2, 3)]
    curves = [{"train": [1.0], "probe": [1.0, 0.9, 0.8]}] * 2
    result = {"peak_memory_mb": 1.0, "curves": curves}

    record = build_record({"plain": slow, "ours": fast}, {"plain": result, "ours": result}, rows=8, steps=1)

    assert record["ratio"] == 5
    assert record["median_ratio_of_rounds"] == 5
    assert record["pipelines"]["plain"]["seconds_per_step"] == 10
    assert record["pipelines"]["plain"]["padding_share"] == 0.5


@pytest.mark.parametrize(("plain", "within"), [(1.0, True), (1.05, True), (2.0, False)])
def test_losses_are_compared_with_what_a_seed_changes(plain: float, within: bool) -> None:
    """A difference counts only when it is larger than what other seeds make."""
    ours = [{"train": [3.0], "probe": [loss]} for loss in (0.98, 1.0, 1.02)]

    compared = compare_losses([{"train": [3.0], "probe": [plain]}], ours)

    assert compared["within_noise"] is within
    assert compared["difference"] == [pytest.approx(plain - 1.0)]


def test_progress_is_told_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads it from a file sees how far it has come, not only the end."""
    monkeypatch.setattr(program, "_TELL_SECONDS", 0.0)
    with program.Telling() as progress:
        bar = progress.add_task("Asking", total=2_000)
        progress.advance(bar, 1_000)
        progress.update(bar, completed=1_500)
    assert capsys.readouterr().err.splitlines()[:2] == ["Asking: 1,000 of 2,000", "Asking: 1,500 of 2,000"]

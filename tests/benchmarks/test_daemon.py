"""The measurement of the daemon runs and writes its figures; how good they are is for an idle machine to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.test_benchmarks import run


@pytest.mark.long
def test_a_start_and_many_mentions_are_measured(tmp_path: Path) -> None:
    """A real daemon is started and asked; there is a figure for each thing that an operator sees."""
    record = run("benchmarks.daemon", tmp_path / "figures.json")

    [figures] = record["starts"]
    assert 0 < figures["ready_seconds"] < figures["first_answer_seconds"]
    assert figures["longest_first_answer_seconds"] > 0
    assert figures["all_answered_seconds"] > 0
    assert figures["peak_memory_mb"] > 50
    assert str(tmp_path) not in str(record)

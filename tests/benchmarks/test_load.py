"""The benchmark of too many people runs on the real daemon; how good its figures are is for an idle machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.test_benchmarks import run


@pytest.mark.long
def test_everybody_hears_something_under_overload(tmp_path: Path) -> None:
    """Ten times as many people as can be answered: each has an answer or a word, and no figure is missing."""
    record = run("benchmarks.load", tmp_path / "figures.json")

    assert record["questions"] > 0
    assert record["without_a_word"] == 0
    assert set(record["ack_ms"]) == {"p50", "p99"}
    assert 0 <= record["answered_or_busy_within_3s"] <= 1
    assert record["other_channel_wait_s"] > 0
    assert record["loop_lag_ms_p99"] > 0
    assert [set(reading) for reading in record["soak"]] == [{"questions", "rss_mb", "descriptors", "tasks"}] * 10

"""The measurement of best-of-n runs and writes its figures; how good they are is for an idle machine to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.test_benchmarks import run


@pytest.mark.long
def test_candidates_are_compared_and_charged(tmp_path: Path) -> None:
    """Each size has its figures, and n candidates cost about n times the tokens."""
    record = run("benchmarks.candidates", tmp_path / "figures.json")

    sizes = record["candidates"]
    assert list(sizes) == ["1", "2", "4"]
    assert sizes["1"]["gain"] is None
    assert sizes["4"]["gain"]["low"] <= sizes["4"]["gain"]["value"] <= sizes["4"]["gain"]["high"]
    assert all(0 <= figures["held_out_right"] <= 1 for figures in sizes.values())
    assert all(figures["median_seconds"] > 0 for figures in sizes.values())
    assert 2 < sizes["4"]["tokens_per_answer"] / sizes["1"]["tokens_per_answer"] < 8
    assert str(tmp_path) not in str(record)

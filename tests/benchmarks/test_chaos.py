"""The benchmark of everything at once runs, and nothing is lost in its few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.test_benchmarks import run


@pytest.mark.long
def test_everything_at_once_loses_nothing(tmp_path: Path) -> None:
    """Kills, a broken network, switches, votes, erasures and floods: everybody has one answer."""
    record = run("benchmarks.chaos", tmp_path / "figures.json")

    assert record["questions"] > 0
    assert sum(record["happened"].values()) > 0
    assert {name: record[name] for name in ("lost", "doubled", "unanswered", "erased_but_found", "unclean")} == {
        "lost": 0,
        "doubled": 0,
        "unanswered": 0,
        "erased_but_found": 0,
        "unclean": 0,
    }

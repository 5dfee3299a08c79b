"""The benchmark of the console runs on both databases; how good its figures are is for an idle machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.console.__main__ import summary
from benchmarks.console.answers import Answered
from benchmarks.console.invented import WORKSPACES, ask
from tests.benchmarks.test_benchmarks import run


@pytest.mark.long
def test_each_page_has_its_time_and_answers_their_slowdown(tmp_path: Path) -> None:
    """The figures of both databases are there, and the summary has the slower one of each."""
    record = run("benchmarks.console", tmp_path / "figures.json")

    assert set(record["databases"]) == {"sqlite", "postgresql"}
    for figures in record["databases"].values():
        assert set(figures["pages"]) == set(record["p95_ms"]) == set(figures["first_ms"])
        assert all(page["p95_ms"] >= page["p50_ms"] > 0 for page in figures["pages"].values())
        assert figures["answers"]["verified"]["quiet_ms"] > 0
        assert figures["answers"]["generated"]["clicked_ms"] > 0
        assert figures["answers"]["clicks"] > 0
        assert figures["answers"]["clicks_a_second"] > 0
    assert len(record["p95_ms"]) > 20
    assert record["answer_slowdown"] > 0


def test_an_invented_log_is_the_same_each_time_and_grows_from_old_to_new() -> None:
    """The same seed asks the same questions, all conversations are there, and each place is one that there is."""
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    asked = list(ask(200, 50, now))
    assert asked == list(ask(200, 50, now))
    assert {one.conversation for one in asked} == set(range(200))
    begun = [next(one.at for one in asked if one.conversation == number) for number in range(200)]
    assert begun == sorted(begun)
    assert all(one.at <= now and 0 <= one.workspace < len(WORKSPACES) and 0 <= one.entry < 50 for one in asked)
    assert {one.source for one in asked} >= {"approved", "generated", "not_sure"}


def test_the_summary_has_the_slower_database() -> None:
    """Of each page the higher time counts, and of the answers the higher slowdown."""
    fast = {"pages": {"today": {"p95_ms": 10.0}}, "answers": {"clicks": 4, "verified": {"slowdown": 1.2}}}
    slow = {"pages": {"today": {"p95_ms": 40.0}}, "answers": {"clicks": 4, "verified": {"slowdown": 1.0}}}
    assert summary({"sqlite": fast, "postgresql": slow}) == {"p95_ms": {"today": 40.0}, "answer_slowdown": 1.2}


def test_a_slowdown_is_that_of_turns_beside_one_another() -> None:
    """A machine that gets slower meanwhile slows both turns of a pair, which is no slowdown by the console."""
    answered = Answered(
        quiet={"verified": [[1.0, 1.0], [4.0, 4.0]]}, clicked={"verified": [[1.0, 1.0], [4.0, 4.0]]}
    )
    assert answered.slowdown("verified") == 1.0
    assert answered.interval("verified") == [1.0, 1.0]


def test_the_interval_of_a_slowdown_contains_it() -> None:
    """Turns that differ give an interval around the median, within what was measured."""
    times = [[1.0], [1.1], [1.2], [1.3], [2.0]]
    answered = Answered(quiet={"verified": [[1.0]] * 5}, clicked={"verified": times})
    low, high = answered.interval("verified")
    assert 1.0 <= low < answered.slowdown("verified") == 1.2 < high <= 2.0

"""Daemons that end in the middle of their work: nothing is lost, and nothing is doubled.

The same trial as ``python -m benchmarks.crash``, with fewer ends; ``benchmarks/crash/lives.py`` says what happens.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from signal import Signals

import pytest

from benchmarks.crash.lives import Trial, run_trial
from benchmarks.crash.steps import Step, make_plan, named_steps
from tests.conftest import create_postgres_database

RecordProperty = Callable[[str, object], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> str | None:
    """The address of an empty PostgreSQL database, or None for SQLite in the daemon's home."""
    if request.param == "sqlite":
        return None
    return create_postgres_database(request.getfixturevalue("postgres_url"), "template0")


@pytest.mark.parametrize(("platform", "kills"), [("slack", 13), ("discord", 12)])
async def test_kills_lose_nothing_and_double_nothing(
    tmp_path: Path, new_database: str | None, platform: str, kills: int, record_property: RecordProperty
) -> None:
    """Killed again and again, at each step of a question's way and at random, every question has one answer."""
    trial = Trial(platform=platform, signal=Signals.SIGKILL, seed=kills)
    plan = make_plan(kills, trial.signal, random.Random(trial.seed))
    assert set(plan) == set(Step)

    outcome = await run_trial(trial, plan, tmp_path / "home", new_database, lambda: None)

    record = outcome.as_record()
    record_property("record", record)
    assert outcome.is_whole, record
    assert sum(outcome.by_step.values()) == kills
    assert outcome.questions > kills


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_terminated_in_the_middle_of_work(
    tmp_path: Path, new_database: str | None, platform: str, record_property: RecordProperty
) -> None:
    """SIGTERM at any step: exit status 0 within ten seconds, and each question has one answer all the same."""
    trial = Trial(platform=platform, signal=Signals.SIGTERM)
    # Each step once on each platform: a half of them on SQLite, the others on PostgreSQL.
    plan = named_steps(trial.signal)[bool(new_database) :: 2]

    outcome = await run_trial(trial, plan, tmp_path / "home", new_database, lambda: None)

    record = outcome.as_record()
    record_property("record", record)
    assert outcome.is_whole, record
    assert len(outcome.stops) == len(plan)

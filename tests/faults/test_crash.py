"""Daemons that end in the middle of their work: nothing is lost, and nothing is doubled.

The same trial as ``python -m benchmarks.crash``, with fewer ends; ``benchmarks/crash/trial.py`` says what happens.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from signal import Signals

import pytest

from benchmarks.crash.lives import DYING
from benchmarks.crash.places import PLACES, ask_text
from benchmarks.crash.steps import AT_PLATFORM, Step, make_plan, named_steps, write_order
from benchmarks.crash.trial import SETTINGS, Trial, run_trial
from tests.conftest import create_postgres_database
from tests.e2e.daemon import Daemon, start
from tests.slack_server import LocalSlack, Reset

RecordProperty = Callable[[str, object], None]

KILLS = 11
"""On each database and platform: each named step once, and the others at random."""

LEFT = {
    Step.RECEIVED: (None, None, 0, 0),
    Step.KEPT: ("received", None, 0, 0),
    Step.ANSWERING: ("answering", None, 0, 0),
    Step.STREAMING: ("answering", None, 0, 1),
    Step.ANSWERED: ("answered", "pending", 0, 0),
    Step.SENDING: ("answered", "pending", 1, 0),
    Step.SENT: ("answered", "pending", 1, 1),
    Step.NOTED: ("answered", "pending", 1, 1),
}
"""Of one question: its state, that of its reply, how often Slack was asked to post that, and how often it has."""


async def test_each_step_leaves_what_its_name_says(home: Path, tmp_path: Path) -> None:
    """A daemon that is killed at a step has done what comes before it, and nothing of what comes after."""
    async with asyncio.TaskGroup() as group:
        for step, left in LEFT.items():
            group.create_task(_kill_at(step, shutil.copytree(home, tmp_path / step), left))


async def _kill_at(step: Step, home: Path, left: tuple[str | None, str | None, int, int]) -> None:
    async with LocalSlack() as slack:
        settings = SETTINGS if step is Step.STREAMING else {"SUPPORTBOT_MODEL": "starter"}
        daemon = await start(home, None, DYING, **slack.environment(), **settings)
        await slack.wait_until_connected(seconds=30)
        _order_end(daemon, home, step, slack)
        asked = await slack.mention("C1", "U1", ask_text(1))
        assert await daemon.wait(30) == -Signals.SIGKILL
        states = _states(home / "supportbot.db")
        assert (*states, len(slack.calls("chat.postMessage")), len(slack.replies)) == left, step
        assert not (asked.acked and step in (Step.RECEIVED, Step.KEPT))


def _order_end(daemon: Daemon, home: Path, step: Step, slack: LocalSlack) -> None:
    if step in AT_PLATFORM:
        slack.misbehave("chat.postMessage", Reset(step is Step.SENT, lambda _: daemon.process.kill()))
    else:
        write_order(home, step, Signals.SIGKILL)
        daemon.process.send_signal(Signals.SIGUSR1)


def _states(path: Path) -> tuple[str | None, str | None]:
    """Return the state of the one question, and that of its reply; None where there is none."""
    with closing(sqlite3.connect(path)) as database:
        question = database.execute("SELECT state FROM question").fetchone()
        reply = database.execute("SELECT state FROM outbox").fetchone()
    return question and question[0], reply and reply[0]


async def test_kills_lose_nothing_and_double_nothing(
    home: Path, tmp_path: Path, postgres_url: str, migrated_postgres: str, record_property: RecordProperty
) -> None:
    """Killed again and again, at each step of a question's way and at random, bots answer every question once.

    Four of them beside one another, since a dead one's work on PostgreSQL is free only seconds later. With the
    eight of the test above that is more than 50 kills.
    """
    async with asyncio.TaskGroup() as group:
        outcomes = {}
        for platform, database in itertools.product(PLACES, ("sqlite", "postgresql")):
            trial = Trial(platform=platform, signal=Signals.SIGKILL)
            plan = make_plan(KILLS, trial.signal, random.Random(f"{platform}{database}"))
            assert set(plan) == set(Step)
            place = shutil.copytree(home, tmp_path / platform / database)
            url = create_postgres_database(postgres_url, migrated_postgres) if database == "postgresql" else None
            outcomes[platform, database] = group.create_task(run_trial(trial, plan, place, url, lambda: None))

    records = {bot: outcome.result().as_record() for bot, outcome in outcomes.items()}
    record_property("records", records)
    for bot, ended in outcomes.items():
        outcome = ended.result()
        assert outcome.is_whole, (bot, records[bot])
        assert sum(outcome.by_step.values()) == KILLS
        assert outcome.questions > KILLS


@pytest.mark.parametrize(("platform", "half"), [("slack", 0), ("discord", 1)])
async def test_terminated_in_the_middle_of_work(
    home: Path,
    postgres_url: str,
    migrated_postgres: str,
    platform: str,
    half: int,
    record_property: RecordProperty,
) -> None:
    """SIGTERM at any step: exit status 0 within ten seconds, and each question has one answer all the same."""
    trial = Trial(platform=platform, signal=Signals.SIGTERM)
    plan = named_steps(trial.signal)[half::2]

    url = create_postgres_database(postgres_url, migrated_postgres) if platform == "discord" else None
    outcome = await run_trial(trial, plan, home, url, lambda: None)

    record = outcome.as_record()
    record_property("record", record)
    assert outcome.is_whole, record
    assert len(outcome.stops) == len(plan)

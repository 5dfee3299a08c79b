"""Daemons that end in the middle of their work: nothing is lost, and nothing is doubled.

The same trial as ``python -m benchmarks.crash``, with fewer ends; ``benchmarks/crash/trial.py`` says what happens.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from signal import Signals

import pytest

from benchmarks.crash.lives import DYING
from benchmarks.crash.places import ask_text
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


def _new_database(request: pytest.FixtureRequest, database: str) -> str | None:
    """Return the address of a new PostgreSQL database, or None for SQLite in the daemon's home."""
    if database == "sqlite":
        return None
    return create_postgres_database(
        request.getfixturevalue("postgres_url"), request.getfixturevalue("migrated_postgres")
    )


async def test_each_step_leaves_what_its_name_says(home: Path, tmp_path: Path) -> None:
    """A daemon that is killed at a step has done what comes before it, and nothing of what comes after."""
    for step, left in LEFT.items():
        place = shutil.copytree(home, tmp_path / step)
        async with LocalSlack() as slack:
            settings = SETTINGS if step is Step.STREAMING else {"SUPPORTBOT_MODEL": "starter"}
            daemon = await start(place, None, DYING, **slack.environment(), **settings)
            await slack.wait_until_connected(seconds=30)
            _order_end(daemon, place, step, slack)
            asked = await slack.mention("C1", "U1", ask_text(1))
            assert await daemon.wait(30) == -Signals.SIGKILL
            states = _states(place / "supportbot.db")
            assert (*states, len(slack.calls("chat.postMessage")), len(slack.replies)) == left
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


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_kills_lose_nothing_and_double_nothing(
    request: pytest.FixtureRequest, home: Path, database: str, platform: str, record_property: RecordProperty
) -> None:
    """Killed again and again, at each step of a question's way and at random, the bot answers every question once.

    With the eight of the test above that is more than 50 kills.
    """
    trial = Trial(platform=platform, signal=Signals.SIGKILL)
    plan = make_plan(KILLS, trial.signal, random.Random(f"{platform}{database}"))
    assert set(plan) == set(Step)

    # In a thread, since the first one in a process migrates its template with an event loop of its own.
    url = await asyncio.to_thread(_new_database, request, database)
    outcome = await run_trial(trial, plan, home, url, lambda: None)

    record = outcome.as_record()
    record_property("record", record)
    assert outcome.is_whole, record
    assert sum(outcome.by_step.values()) == KILLS
    assert outcome.questions > KILLS


@pytest.mark.parametrize(("database", "platform", "half"), [("sqlite", "slack", 0), ("postgresql", "discord", 1)])
async def test_terminated_in_the_middle_of_work(
    request: pytest.FixtureRequest,
    home: Path,
    database: str,
    platform: str,
    half: int,
    record_property: RecordProperty,
) -> None:
    """SIGTERM at any step: exit status 0 within ten seconds, and each question has one answer all the same."""
    trial = Trial(platform=platform, signal=Signals.SIGTERM)
    plan = named_steps(trial.signal)[half::2]

    # In a thread, since the first one in a process migrates its template with an event loop of its own.
    url = await asyncio.to_thread(_new_database, request, database)
    outcome = await run_trial(trial, plan, home, url, lambda: None)

    record = outcome.as_record()
    record_property("record", record)
    assert outcome.is_whole, record
    assert len(outcome.stops) == len(plan)

"""One trial: people ask all the time, daemons end as planned, and at the end everything is counted.

``lives`` ends the daemons; ``crowd`` counts what people get.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from benchmarks.crash.crowd import Crowd
from benchmarks.crash.lives import Lives
from benchmarks.crash.places import PLACES, Place
from benchmarks.crash.steps import Step
from benchmarks.crash.verdict import Outcome, settle
from supportbot.config import Settings
from supportbot.db.session import Database
from tests.e2e.daemon import STREAMING

_MOST_KILLS = 2
"""Ends that a question may be open through; after a third it would rightly be set aside."""

ANSWER_SECONDS = 90.0
"""Limit from an end until everybody has an answer, on a busy machine; the median is a few seconds."""

SETTINGS = {
    **STREAMING,
    "SUPPORTBOT_MODEL": "starter",
    # A start reads the channels back for as long as a question is worth answering: with 30 minutes it would
    # read the whole run each time.
    "SUPPORTBOT_QUESTION_MINUTES": "2",
    # Everybody asks in one channel of Discord, more often than a shop's people do.
    "SUPPORTBOT_PERSON_AT_ONCE": "0",
    "SUPPORTBOT_PERSON_A_MINUTE": "0",
    "SUPPORTBOT_CHANNEL_AT_ONCE": "0",
    "SUPPORTBOT_CHANNEL_A_MINUTE": "0",
    "SUPPORTBOT_WORKSPACE_A_MINUTE": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What to try.

    Attributes:
        platform: where people ask.
        signal: ends a daemon.
        daemons: that share the database.
        seed: of what is random.
    """

    platform: str
    signal: Signals = Signals.SIGKILL
    daemons: int = 1
    seed: int = 1


async def run_trial(
    trial: Trial, plan: Sequence[Step], home: Path, database_url: str | None, on_end: Callable[[], None]
) -> Outcome:
    """End daemons as planned, on a new database; return the outcome.

    A lost question ends the trial early: more ends would tell nothing more.

    Args:
        trial: what to try.
        plan: their steps, one after the other.
        home: of the daemons, as `supportbot init` leaves it.
        database_url: of a new PostgreSQL database that `init` migrated; None for SQLite in the home.
        on_end: called after each end.

    Raises:
        AssertionError: a daemon does not start, or ends by itself.
        TimeoutError: a daemon does not reach a step.
    """
    settings = Settings(home=home, database_url=database_url)
    homes = [home, *(shutil.copytree(home, home.with_name(f"{home.name}-{n}")) for n in range(1, trial.daemons))]
    source = random.Random(trial.seed)  # noqa: S311 - no secret
    place: Place = PLACES[trial.platform]()
    crowd = Crowd(place, source)
    outcome = Outcome()
    async with AsyncExitStack() as stack:
        database = Database(settings.sqlalchemy_url)
        stack.push_async_callback(database.aclose)
        await stack.enter_async_context(place)
        await stack.enter_async_context(crowd.listening())
        environment = {**SETTINGS, **place.settings}
        if database_url:
            environment["SUPPORTBOT_DATABASE_URL"] = database_url
        lives = Lives(homes, environment, trial.signal, place, crowd, source, outcome)
        async with lives:
            async with crowd.asking():
                for step in plan:
                    if trial.signal is Signals.SIGKILL and not await may_be_killed(crowd):
                        break
                    await lives.end_at(step)
                    on_end()
            await crowd.until_open(lambda waiting: not waiting, ANSWER_SECONDS)
            outcome.database = await settle(database, ANSWER_SECONDS)
    outcome.questions = len(crowd.asked)
    outcome.lost = len(crowd.open)
    outcome.doubled = sum(one.answers > 1 for one in crowd.asked) + crowd.strays
    outcome.waits = crowd.waits
    return outcome


async def may_be_killed(crowd: Crowd) -> bool:
    """Wait until nothing is open that another kill would set aside; return False if that takes too long."""
    return await crowd.until_open(lambda waiting: all(one.ends < _MOST_KILLS for one in waiting), ANSWER_SECONDS)

"""Daemons that live, are ended in the middle of their work, and are followed by another on the same database.

People ask all the time. Each end is at a step for certain: inside the process ``dying`` knows the step, and what
only the platform knows happens when the platform is asked to post. A question that was open while two processes
were killed is answered before another one is, for after a third it would rightly be set aside.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import psutil

from benchmarks.crash.crowd import Crowd
from benchmarks.crash.places import PLACES, Place
from benchmarks.crash.steps import AT_PLATFORM, Step, write_order
from benchmarks.crash.verdict import Outcome, settle
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.db.session import Database
from tests.e2e.daemon import Daemon, launch, start

DYING = "benchmarks.crash.dying"
"""The daemon, which ends where it is told to."""

STOP_SECONDS = 10.0
"""In which a daemon has stopped after SIGTERM."""

_MOST_KILLS = 2
_WITHIN_SECONDS = 0.8
"""After a start or an end, in which the next end is prepared."""
_STARTING_SECONDS = 1.0
"""No start is ready sooner."""
_STEP_SECONDS = 60.0
"""Under load each step comes within a second or two; a busy machine may take longer."""
_ANSWER_SECONDS = 120.0
"""After the last end, until everybody has an answer."""

_SETTINGS = {
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
    """What is tried.

    Attributes:
        platform: where people ask.
        signal: that ends a daemon.
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
    """Let daemons end as planned, on a new database; return what came of it.

    Args:
        trial: what is tried.
        plan: where they end, one after the other.
        home: of the daemons, which is made.
        database_url: of a new PostgreSQL database; None for SQLite in the home.
        on_end: called after each end.

    Raises:
        AssertionError: a daemon does not start, or ends by itself.
        TimeoutError: a daemon does not come to a step.
    """
    settings = Settings(home=home, database_url=database_url)
    await initialise(settings)
    homes = [home, *(shutil.copytree(home, home.with_name(f"{home.name}-{n}")) for n in range(1, trial.daemons))]
    source = random.Random(trial.seed)  # noqa: S311 - no secret
    async with AsyncExitStack() as stack:
        place: Place = PLACES[trial.platform]()
        await stack.enter_async_context(place)
        database = Database(settings.sqlalchemy_url)
        stack.push_async_callback(database.aclose)
        crowd = Crowd(place, source)
        await stack.enter_async_context(crowd.listening())
        environment = {**_SETTINGS, **place.settings}
        if database_url:
            environment["SUPPORTBOT_DATABASE_URL"] = database_url
        outcome = Outcome()
        async with _lives(trial, homes, environment, place, crowd, source, outcome) as lives:
            async with crowd.asking():
                for step in plan:
                    await lives.end_at(step)
                    on_end()
            await crowd.until_open(lambda waiting: not waiting, _ANSWER_SECONDS)
            outcome.database = await settle(database, _ANSWER_SECONDS)
    outcome.questions = len(crowd.asked)
    outcome.lost = len(crowd.open)
    outcome.doubled = sum(one.answers > 1 for one in crowd.asked) + crowd.strays
    outcome.waits = crowd.waits
    return outcome


class _Lives:
    """The daemons that live now."""

    def __init__(
        self,
        trial: Trial,
        homes: Sequence[Path],
        environment: dict[str, str],
        place: Place,
        crowd: Crowd,
        source: random.Random,
        outcome: Outcome,
    ) -> None:
        self._signal = trial.signal
        self._homes = homes
        self._environment = environment
        self._place = place
        self._crowd = crowd
        self._source = source
        self._outcome = outcome
        self.daemons: dict[Path, Daemon] = {}

    async def start(self) -> None:
        """Start a daemon for each home that has none."""
        for home in self._homes:
            if home not in self.daemons:
                self.daemons[home] = await start(home, None, DYING, **self._environment)

    async def end_at(self, step: Step) -> None:
        """End a daemon, or its model's process, at a step; another one lives afterwards."""
        if self._signal is Signals.SIGKILL:
            await self._crowd.until_open(
                lambda waiting: all(one.ends < _MOST_KILLS for one in waiting), _ANSWER_SECONDS
            )
        await asyncio.sleep(self._source.uniform(0, _WITHIN_SECONDS))
        home = self._source.choice(list(self.daemons))
        if step in (Step.RANDOM, Step.STARTING):
            self.daemons[home].process.send_signal(self._signal)
        elif step in AT_PLATFORM:
            home = await self._end_who_posts(posted=step is Step.SENT)
        else:
            write_order(home, step, self._signal)
            self.daemons[home].process.send_signal(signal.SIGUSR1)
        if step is Step.STARTING:
            await self._bury(home)
            self.daemons[home] = await launch(home, None, DYING, **self._environment)
            await asyncio.sleep(self._source.uniform(0, _STARTING_SECONDS))
            self.daemons[home].process.send_signal(self._signal)
        if step is Step.ENGINE:
            async with asyncio.timeout(_STEP_SECONDS):
                await self.daemons[home].read_until("engine.process_ended")
        else:
            await self._bury(home)
            await self.start()
        self._outcome.by_step[step.value] = self._outcome.by_step.get(step.value, 0) + 1

    async def stop(self) -> None:
        """Stop all daemons as an operator does."""
        for home, daemon in list(self.daemons.items()):
            del self.daemons[home]
            self._outcome.unclean += await daemon.stop() != 0

    async def _end_who_posts(self, *, posted: bool) -> Path:
        """End the daemon that asks the platform to post next; return its home."""
        ended = asyncio.get_running_loop().create_future()

        def end(port: int) -> None:
            home = next(home for home, daemon in self.daemons.items() if port in _ports(daemon))
            self.daemons[home].process.send_signal(self._signal)
            ended.set_result(home)

        self._place.break_next_post(end, posted=posted)
        async with asyncio.timeout(_STEP_SECONDS):
            home: Path = await ended
        return home

    async def _bury(self, home: Path) -> None:
        """Wait until a daemon has ended, and take note of how."""
        daemon = self.daemons[home]
        if self._signal is Signals.SIGKILL:
            status = await daemon.wait(_STEP_SECONDS)
            self._outcome.unclean += status != -Signals.SIGKILL
        else:
            async with asyncio.timeout(_STEP_SECONDS):
                await daemon.read_until("daemon.stopping")
            began = time.monotonic()
            status = await daemon.wait(_STEP_SECONDS)
            self._outcome.stops.append(took := time.monotonic() - began)
            self._outcome.unclean += status != 0 or took > STOP_SECONDS
        del self.daemons[home]
        self._crowd.note_end()


@asynccontextmanager
async def _lives(
    trial: Trial,
    homes: Sequence[Path],
    environment: dict[str, str],
    place: Place,
    crowd: Crowd,
    source: random.Random,
    outcome: Outcome,
) -> AsyncGenerator[_Lives]:
    """Let daemons live meanwhile, and stop them at the end; after a failure they are killed."""
    lives = _Lives(trial, homes, environment, place, crowd, source, outcome)
    try:
        await lives.start()
        yield lives
        await lives.stop()
    finally:
        for daemon in lives.daemons.values():
            with suppress(ProcessLookupError):
                await daemon.kill()


def _ports(daemon: Daemon) -> set[int]:
    """Return the ports from which a daemon has connections."""
    process = psutil.Process(daemon.process.pid)
    return {connection.laddr.port for connection in process.net_connections("tcp")}

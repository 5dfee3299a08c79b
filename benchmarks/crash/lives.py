"""Daemons that are ended in the middle of their work and replaced on the same database.

Each end hits its step exactly. Inside the process ``dying`` knows the step; for steps that only the platform sees,
the daemon ends while it asks the platform to post.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

import psutil

from benchmarks.crash.crowd import Crowd
from benchmarks.crash.places import Place
from benchmarks.crash.steps import AT_PLATFORM, Step, write_order
from benchmarks.crash.verdict import Outcome
from tests.e2e.daemon import Daemon, launch, start

DYING = "benchmarks.crash.dying"
"""The daemon, which ends where it is told to."""

STOP_SECONDS = 10.0
"""Limit for a stop after SIGTERM, in seconds."""

_WITHIN_SECONDS = 0.8
"""Seconds after a start in which the next end is prepared."""
_STARTING_SECONDS = 1.0
"""No start is ready sooner."""
_STEP_SECONDS = 60.0
"""Under load each step comes within a second or two; a busy machine may take longer."""


class Lives:
    """The running daemons; ``async with`` starts them and stops them cleanly.

    Args:
        homes: of one daemon each.
        environment: their settings.
        signal: ends them.
        place: where people ask.
        crowd: is told when a daemon has ended.
        source: of what is random.
        outcome: counts the ends.
    """

    def __init__(
        self,
        homes: Sequence[Path],
        environment: Mapping[str, str],
        signal: Signals,
        place: Place,
        crowd: Crowd,
        source: random.Random,
        outcome: Outcome,
    ) -> None:
        self._homes = homes
        self._environment = environment
        self._signal = signal
        self._place = place
        self._crowd = crowd
        self._source = source
        self._outcome = outcome
        self._daemons: dict[Path, Daemon] = {}

    async def __aenter__(self) -> Self:
        """Start a daemon in each home."""
        try:
            await self._start()
        except BaseException:
            await self._kill_all()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them as an operator does; after a failure they are killed."""
        try:
            if error is None:
                for daemon in self._daemons.values():
                    self._outcome.unclean += await daemon.stop() != 0
        finally:
            await self._kill_all()

    async def end_at(self, step: Step) -> None:
        """End a daemon, or its model's process, at a step; then start another one.

        Raises:
            TimeoutError: it does not reach the step.
        """
        await asyncio.sleep(self._source.uniform(0, _WITHIN_SECONDS))
        home = self._source.choice(list(self._daemons))
        if step is Step.ENGINE:
            self._order(home, step)
            async with asyncio.timeout(_STEP_SECONDS):
                await self._daemons[home].read_until("engine.process_ended")
        else:
            await self._end(home, step)
            await self._start()
        self._outcome.by_step[step.value] = self._outcome.by_step.get(step.value, 0) + 1

    async def _end(self, home: Path, step: Step) -> None:
        if step is Step.RANDOM:
            self._send(home)
        elif step is Step.STARTING:
            self._send(home)
            await self._bury(home)
            self._daemons[home] = await launch(home, None, DYING, **self._environment)
            await asyncio.sleep(self._source.uniform(0, _STARTING_SECONDS))
            self._send(home)
        elif step in AT_PLATFORM:
            home = await self._end_who_posts(posted=step is Step.SENT)
        else:
            self._order(home, step)
        await self._bury(home)

    async def _end_who_posts(self, *, posted: bool) -> Path:
        """End the daemon that asks the platform to post next; return its home."""
        ended: asyncio.Future[Path] = asyncio.get_running_loop().create_future()

        def end(port: int) -> None:
            home = next(home for home, daemon in self._daemons.items() if port in _ports(daemon))
            self._send(home)
            ended.set_result(home)

        self._place.break_next_post(end, posted=posted)
        async with asyncio.timeout(_STEP_SECONDS):
            return await ended

    def _send(self, home: Path) -> None:
        self._daemons[home].process.send_signal(self._signal)

    def _order(self, home: Path, step: Step) -> None:
        write_order(home, step, self._signal)
        self._daemons[home].process.send_signal(Signals.SIGUSR1)

    async def _bury(self, home: Path) -> None:
        """Wait until a daemon has ended, and record how."""
        daemon = self._daemons[home]
        if self._signal is Signals.SIGKILL:
            status = await daemon.wait(_STEP_SECONDS)
            self._outcome.unclean += status != -Signals.SIGKILL
        else:
            async with asyncio.timeout(_STEP_SECONDS):
                await daemon.read_until("daemon.stopping")
            began = time.monotonic()
            status = await daemon.wait(_STEP_SECONDS)
            self._outcome.stops.append(took := time.monotonic() - began)
            self._outcome.unclean += status != 0
            self._outcome.late += took > STOP_SECONDS
        del self._daemons[home]
        self._crowd.note_end()

    async def _start(self) -> None:
        for home in self._homes:
            if home not in self._daemons:
                self._daemons[home] = await start(home, None, DYING, **self._environment)

    async def _kill_all(self) -> None:
        for daemon in self._daemons.values():
            if daemon.process.returncode is None:
                await daemon.kill()


def _ports(daemon: Daemon) -> set[int]:
    """Return the ports from which a daemon has connections."""
    process = psutil.Process(daemon.process.pid)
    return {connection.laddr.port for connection in process.net_connections("tcp")}

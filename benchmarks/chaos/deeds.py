"""What happens to a running bot, in three strands at once: to its processes, to its network, and by its people.

Each strand does one thing after the other, at random, with pauses. So a switch of the model may come while a
connection is dead and somebody is being erased.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.crash.crowd import Crowd
from benchmarks.crash.lives import Lives
from benchmarks.crash.places import Place
from benchmarks.crash.steps import AT_PLATFORM, Step
from benchmarks.crash.trial import may_be_killed
from tests.e2e.daemon import supportbot
from tests.network.proxy import Fault, Proxy

VERSIONS = ("one", "two")
"""Versions of the model to switch between."""

_FLOOD = 20
_FIRST_LEAVER = 1_000
_FIRST_FLOODER = 500
"""Each has a channel of their own, which takes a message a second."""
_ANSWER_SECONDS = 120.0

_STEPS = [step for step in Step if step not in AT_PLATFORM]
"""A proxy hides which daemon asks the platform to post."""


class Strands:
    """The three strands.

    Args:
        home: of the daemon.
        lives: the current daemon.
        line: its network.
        place: the platform.
        crowd: the people.
        source: of what is random.
        on_deed: called after each deed.

    Attributes:
        happened: how often each thing was done.
        erased: the platform's ids of people who were erased.
    """

    def __init__(
        self,
        home: Path,
        lives: Lives,
        line: Proxy,
        place: Place,
        crowd: Crowd,
        source: random.Random,
        on_deed: Callable[[], None],
    ) -> None:
        self._home = home
        self._lives = lives
        self._line = line
        self._place = place
        self._crowd = crowd
        self._source = source
        self._on_deed = on_deed
        self.happened: Counter[str] = Counter()
        self.erased: list[str] = []
        self._floods = 0

    async def run(self, seconds: float) -> None:
        """Let everything happen for so long; each strand ends after its current action."""
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        async with asyncio.TaskGroup() as strands:
            strands.create_task(self._repeat(over, self._end_a_process, self._end_a_process, self._switch))
            strands.create_task(self._repeat(over, self._break_the_network))
            strands.create_task(self._repeat(over, self._vote, self._vote, self._erase, self._flood))

    async def _repeat(self, over: asyncio.Event, *deeds: Callable[[], object]) -> None:
        while not over.is_set():
            await asyncio.sleep(self._source.uniform(0.2, 3))
            name = await self._source.choice(deeds)()  # type: ignore[misc]
            if name:
                self.happened[name] += 1
                self._on_deed()

    async def _end_a_process(self) -> str:
        step = self._source.choice(_STEPS)
        if step is not Step.ENGINE and not await may_be_killed(self._crowd):
            return ""
        await self._lives.end_at(step)
        return "the process of the model killed" if step is Step.ENGINE else "the daemon killed"

    async def _switch(self) -> str:
        version = self._source.choice(VERSIONS)
        status, _, errors = await supportbot(
            self._home, "models", "promote", version, "--force", "chaos", "--by", "chaos"
        )
        if status == 0:
            return "the model switched"
        if "is live already" in errors:
            return ""
        raise AssertionError(errors)

    async def _break_the_network(self) -> str:
        fault = self._source.choice(list(Fault))
        async with self._line.broken(fault):
            await asyncio.sleep(self._source.uniform(0.5, 6))
        await asyncio.sleep(self._source.uniform(2, 10))
        return f"network: {fault.name.lower()}"

    async def _vote(self) -> str:
        return "votes" if await self._place.vote(self._source) else ""

    async def _erase(self) -> str:
        person = _FIRST_LEAVER + len(self.erased)
        asked = await self._crowd.ask(person)
        async with asyncio.timeout(_ANSWER_SECONDS):
            while not asked.answers:  # noqa: ASYNC110 - answers are looked for anyway
                await asyncio.sleep(0.05)
            await self._place.until_acknowledged()
        name = self._place.name_of(person)
        status, _, errors = await supportbot(
            self._home, "privacy", "erase", "--platform", self._place.name, "--user", name, "--yes"
        )
        if status != 0:
            raise AssertionError(errors)
        self.erased.append(name)
        return "people erased"

    async def _flood(self) -> str:
        self._floods += 1
        for _ in range(_FLOOD):
            await self._crowd.ask(_FIRST_FLOODER + self._floods)
        return f"floods of {_FLOOD} questions"

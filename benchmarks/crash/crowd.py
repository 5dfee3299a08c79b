"""People who ask all the time, whatever happens to the bot, and the answers that they get.

It counts for each question its answers, the ends of processes that it waited through, and the seconds between the
last of these and its answer. This module knows no platform.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.crash.places import Place

PEOPLE = 4
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 3.0
"""After this time without an answer a person asks something else; a start takes about half of it."""
_PAUSE_SECONDS = 0.3
"""At most, between an answer and the next question."""


@dataclass(slots=True)
class Asked:
    """One question.

    Attributes:
        is_owed: whether the platform promises to deliver it.
        answers: their number.
        ends: how many processes ended while it was open.
        ended_at: when the last one ended, in seconds of ``time.monotonic()``.
    """

    is_owed: Callable[[], bool]
    answers: int = 0
    ends: int = 0
    ended_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for the answer, and rightly so."""
        return not self.answers and self.is_owed()


class Crowd:
    """People on a platform.

    Args:
        place: where they ask.
        source: of their pauses.
    """

    def __init__(self, place: Place, source: random.Random) -> None:
        self._place = place
        self._source = source
        self.asked: list[Asked] = []
        self.strays = 0
        self.waits: list[float] = []
        """Seconds from the end of a process to the answer, of those who waited meanwhile."""

    @asynccontextmanager
    async def asking(self) -> AsyncGenerator[None]:
        """Have people ask in this context."""
        async with asyncio.TaskGroup() as people:
            tasks = [people.create_task(self._ask_on(person)) for person in range(PEOPLE)]
            yield
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Record answers in this context."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._listen())
            yield
            task.cancel()

    @property
    def open(self) -> list[Asked]:
        """The questions that somebody waits for."""
        return [one for one in self.asked if one.is_open]

    def note_end(self) -> None:
        """Record that a process has ended."""
        now = time.monotonic()
        for one in self.open:
            one.ends += 1
            one.ended_at = now

    async def until_open(self, condition: Callable[[list[Asked]], bool], seconds: float) -> bool:
        """Wait until a condition holds for the open questions; return whether it did in time."""
        end = time.monotonic() + seconds
        while not condition(self.open):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    async def ask(self, person: int) -> Asked:
        """Have somebody ask once."""
        asked = Asked(is_owed=lambda: True)
        self.asked.append(asked)
        asked.is_owed = await self._place.ask(len(self.asked) - 1, person)
        return asked

    async def _ask_on(self, person: int) -> None:
        while True:
            asked = await self.ask(person)
            end = time.monotonic() + _PATIENCE_SECONDS
            while not asked.answers and time.monotonic() < end:  # noqa: ASYNC110 - answers are looked for anyway
                await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.sleep(self._source.uniform(0, _PAUSE_SECONDS))

    async def _listen(self) -> None:
        while True:
            now = time.monotonic()
            for number in self._place.new_answers():
                if number < 0:
                    self.strays += 1
                    continue
                asked = self.asked[number]
                if not asked.answers and asked.ends:
                    self.waits.append(now - asked.ended_at)
                asked.answers += 1
            await asyncio.sleep(_LOOK_SECONDS)

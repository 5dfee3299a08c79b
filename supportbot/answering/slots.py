"""How many answers are generated at once: as many as still come soon enough.

A batch gives more answers a second, and each of them later. So the number follows how long answers take, as TCP
follows the network (additive increase, multiplicative decrease: Chiu and Jain, 1989). While they come within two
fifths of what was promised, there is one more; when one takes longer, there are a fifth fewer. Whoever finds no
place may wait for a quarter of the promise. Where a single answer takes longer than it should, they may wait for
as long as that: a slow machine with two people is not overloaded.

This module knows no engine and no question.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from supportbot.errors import OverloadedError

_FIRST_LIMIT = 4.0
"""Before there is evidence; it grows by one with each answer until the first that takes too long."""

_WAIT_SHARE = 1 / 4
_ANSWER_SHARE = 2 / 5
"""Of the promise; the rest is for answers that are longer than most, and for showing them."""

_SHORTEST_SECONDS = 0.001
_DECREASE = 0.8
_NEW_EVIDENCE = 0.2
"""Weight of the latest answer in how long one takes."""


class Slots:
    """Places for answers that are being generated.

    Args:
        promise: seconds within which people should have an answer; None for no limit but the engine's.
        clock: in seconds, never running backwards.
    """

    def __init__(self, promise: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._promise = promise
        self._clock = clock
        self._limit = _FIRST_LIMIT
        self._is_starting = True
        self._in_use = 0
        self._typical: float | None = None
        self._lowered_at = -float("inf")
        self._freed = asyncio.Condition()
        self._busy, self._quiet = asyncio.Event(), asyncio.Event()
        self._quiet.set()

    @property
    def limit(self) -> int:
        """How many answers may be generated at once, whatever the engine holds."""
        return int(self._limit)

    @property
    def are_taken(self) -> bool:
        """Whether whoever comes now has to wait for a place."""
        return self._promise is not None and self._in_use >= self.limit

    @property
    def patience(self) -> float | None:
        """Seconds for which a question may wait before its asker is told that the bot is busy; None for ever."""
        if self._promise is None:
            return None
        is_slow = self._typical is not None and self._typical > self._promise * _ANSWER_SHARE
        return self._typical if is_slow else self._promise * _WAIT_SHARE

    @property
    def most_ahead(self) -> int | None:
        """How many people may be in front of somebody who is to have an answer in time; None for any number.

        That is who has a place, and who will have one before the patience of the last is over.
        """
        if (patience := self.patience) is None or self._typical is None:
            return None
        return math.ceil(self._limit * (1 + patience / max(self._typical, _SHORTEST_SECONDS)))

    @property
    def is_quiet(self) -> bool:
        """Whether no answer is being generated."""
        return self._quiet.is_set()

    async def until_quiet(self) -> None:
        """Wait until no answer is being generated."""
        await self._quiet.wait()

    async def until_busy(self) -> None:
        """Wait until one is."""
        await self._busy.wait()

    @asynccontextmanager
    async def slot(self, begin_by: float) -> AsyncGenerator[None]:
        """Wait for a place, first come, first served, and keep it for one answer.

        Args:
            begin_by: when it is too late to begin, in seconds of ``time.monotonic()``.

        Raises:
            OverloadedError: there was none by then.
        """
        if self._promise is None:
            self._begin()
            try:
                yield
            finally:
                self._end()
            return
        try:
            async with asyncio.timeout(max(0.0, begin_by - time.monotonic())), self._freed:
                await self._freed.wait_for(lambda: self._in_use < self.limit)
                self._begin()
        except TimeoutError:
            raise OverloadedError("There are more questions than can be answered in time.") from None
        began = self._clock()
        was_last = self._in_use >= self.limit
        is_whole = False
        try:
            yield
            is_whole = True
        finally:
            self._end()
            seconds = self._clock() - began
            # What was broken off says only that a whole answer takes longer.
            if is_whole or seconds > self._promise * _ANSWER_SHARE:
                self._learn(seconds, was_last=was_last)
            async with self._freed:
                self._freed.notify_all()

    def _begin(self) -> None:
        self._in_use += 1
        self._quiet.clear()
        self._busy.set()

    def _end(self) -> None:
        self._in_use -= 1
        if not self._in_use:
            self._busy.clear()
            self._quiet.set()

    def _learn(self, seconds: float, *, was_last: bool) -> None:
        assert self._promise is not None  # noqa: S101 - ``slot`` has looked
        self._typical = (
            seconds if self._typical is None else self._typical + _NEW_EVIDENCE * (seconds - self._typical)
        )
        now = self._clock()
        if seconds > self._promise * _ANSWER_SHARE:
            self._is_starting = False
            # All that were in progress are late for the same reason: that is one piece of evidence.
            if now - self._lowered_at >= seconds:
                self._lowered_at = now
                self._limit = max(1.0, self._limit * _DECREASE)
        elif was_last:
            self._limit += 1.0 if self._is_starting else 1.0 / self._limit

"""How long pages take, how long they block the event loop, and how much memory they need."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import psutil

from benchmarks.console.pages import Page

_BEAT = 0.005
"""Seconds between two checks of the event loop."""


@dataclass(slots=True)
class Pulse:
    """The state of the process during a measurement.

    Attributes:
        lag_ms: the longest time for which nothing else could run.
        rss_mb: the most memory.
    """

    lag_ms: float = 0.0
    rss_mb: float = 0.0


@asynccontextmanager
async def feeling() -> AsyncGenerator[Pulse]:
    """Watch the event loop and the memory of this process meanwhile."""
    pulse, process = Pulse(), psutil.Process()

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_BEAT)
            late = 1000 * (time.perf_counter() - began - _BEAT)
            pulse.lag_ms = max(pulse.lag_ms, late)
            pulse.rss_mb = max(pulse.rss_mb, process.memory_info().rss / 2**20)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    try:
        yield pulse
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


@dataclass(slots=True)
class Times:
    """The figures of one page: milliseconds until it is there, of this process's work, and of a blocked loop."""

    ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    lag_ms: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Return them as a record keeps them."""
        return {
            "p50_ms": _at(self.ms, 0.5),
            "p95_ms": _at(self.ms, 0.95),
            "max_ms": _at(self.ms, 1.0),
            "cpu_p50_ms": _at(self.cpu_ms, 0.5),
            "loop_lag_p95_ms": _at(self.lag_ms, 0.95),
        }


def _at(values: list[float], share: float) -> float:
    return round(float(np.quantile(values, share)), 1)


async def first_look(pages: Mapping[str, Page]) -> dict[str, float]:
    """Open each page once, with everything cold, and return the milliseconds."""
    found = {}
    for name, page in pages.items():
        began = time.perf_counter()
        await page()
        found[name] = round(1000 * (time.perf_counter() - began), 1)
    return found


async def time_pages(
    pages: Mapping[str, Page], repeats: int, told: Callable[[], None] = lambda: None
) -> tuple[dict[str, Times], float]:
    """Return the times of pages that are opened in turns, and the most memory meanwhile in MB.

    Args:
        pages: by name.
        repeats: how often each.
        told: called after each round.
    """
    found = {name: Times() for name in pages}
    most = 0.0
    for _ in range(repeats):
        for name, page in pages.items():
            async with feeling() as pulse:
                began, worked = time.perf_counter(), time.process_time()
                await page()
                found[name].ms.append(1000 * (time.perf_counter() - began))
                found[name].cpu_ms.append(1000 * (time.process_time() - worked))
                await asyncio.sleep(_BEAT)  # so that a block up to the last moment counts
            found[name].lag_ms.append(pulse.lag_ms)
            most = max(most, pulse.rss_mb)
        told()
    return found, most

"""What the daemon reports about itself, and what the system reports about it."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

_LAG = "supportbot_event_loop_lag_seconds"


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment: resident memory in MB, open descriptors, tasks of the event loop, and the counts of its lag."""

    rss_mb: float
    descriptors: int
    tasks: int
    lag: dict[float, float]


async def read(page: str, pid: int) -> Reading:
    """Read the figures of a daemon.

    Args:
        page: its address.
        pid: its process.
    """
    process = psutil.Process(pid)
    async with aiohttp.ClientSession() as session, session.get(f"{page.rstrip('/')}/metrics") as response:
        text = await response.text()
    lag: dict[float, float] = {}
    tasks = 0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{_LAG}_bucket":
                lag[float(sample.labels["le"])] = sample.value
            elif sample.name == "supportbot_tasks":
                tasks = int(sample.value)
    return Reading(process.memory_info().rss / 2**20, process.num_fds(), tasks, lag)


def lag_ms(before: Reading, after: Reading, share: float) -> float:
    """Return the upper bound in ms of the bucket that a share of the lag between two readings stays within."""
    counts = {bound: after.lag[bound] - before.lag.get(bound, 0.0) for bound in sorted(after.lag)}
    total = max(counts.values())
    return 1000 * next(bound for bound, count in counts.items() if count >= share * total)

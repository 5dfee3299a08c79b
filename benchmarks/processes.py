"""Memory and processor time of a process and its children, measured from outside so as not to disturb it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

_SAMPLE_SECONDS = 0.05

_IDLE_PERCENT = 10.0
_IDLE_SAMPLE_SECONDS = 0.2
IDLE_SECONDS = 10.0
"""Limit of the wait on a machine that is busy with other work."""


@dataclass(slots=True)
class Use:
    """Resident memory in MB, before and at its highest since, and processor seconds spent.

    Memory that two processes share, such as the code of a library, counts in each of them.
    """

    before_mb: float
    highest_mb: float
    cpu_seconds: float = 0.0


def await_idle(seconds: float = IDLE_SECONDS) -> None:
    """Wait until the processors are idle: some servers keep spinning for a second after their last answer.

    Args:
        seconds: to wait at most.
    """
    until = time.monotonic() + seconds
    while psutil.cpu_percent(_IDLE_SAMPLE_SECONDS) > _IDLE_PERCENT and time.monotonic() < until:
        pass


@contextmanager
def watch(pid: int | None = None) -> Iterator[Use]:
    """Watch a process (this one by default) and its present children from another thread."""
    root = psutil.Process(pid)
    processes = [root, *root.children(recursive=True)]
    use = Use(_resident_mb(processes), 0.0)
    began = _cpu_seconds(processes)
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(_SAMPLE_SECONDS):
            use.highest_mb = max(use.highest_mb, _resident_mb(processes))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield use
    finally:
        stop.set()
        thread.join()
        use.highest_mb = max(use.highest_mb, _resident_mb(processes))
        use.cpu_seconds = _cpu_seconds(processes) - began


def _resident_mb(processes: list[psutil.Process]) -> float:
    return _sum(processes, lambda process: process.memory_info().rss) / 2**20


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return _sum(processes, lambda process: sum(process.cpu_times()[:2]))  # of the user and of the system


def _sum(processes: list[psutil.Process], read: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # each may end at any moment
            total += read(process) if process.is_running() else 0.0
    return total

"""Notifies the service manager that started the daemon: ready, alive, stopping, and a status line for people.
Ready means the same as at ``/readyz``. The event loop sends the signs of life, so the manager restarts a daemon
whose loop is stuck.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from supportbot.systemd.notify import ServiceManager

STARTING_SECONDS = 1.0
"""Between two looks until the daemon is ready."""

RUNNING_SECONDS = 10.0
"""Between two looks afterwards: only the line for people depends on them."""

_PATIENCE_MICROSECONDS = 60_000_000
"""How long the manager is asked to wait from each look at a start. A platform that is down for an hour must not
have a daemon ended that answers on the others; one that hangs says nothing, and is ended."""


async def announce(
    manager: ServiceManager,
    look: Callable[[], Awaitable[Mapping[str, str]]],
    describe: Callable[[], str],
    stopping: asyncio.Event,
) -> None:
    """Tell how the daemon is, until it stops.

    Args:
        manager: who is told.
        look: returns what keeps the daemon from being ready, by part.
        describe: returns what it does, in a few words, once it is ready.
        stopping: set when it ends.
    """
    told = ""
    is_ready = False
    while not stopping.is_set():
        problems = await look()
        status = _sentence(problems) if problems else describe()
        if not problems and not is_ready:
            is_ready = True
            manager.tell(READY=1, STATUS=status)
        elif not is_ready:
            manager.tell(EXTEND_TIMEOUT_USEC=_PATIENCE_MICROSECONDS, STATUS=status)
        elif status != told:
            manager.tell(STATUS=status)
        told = status
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), RUNNING_SECONDS if is_ready else STARTING_SECONDS)
    manager.tell(STOPPING=1, STATUS="Finishing the answers in progress.")


async def keep_watchdog(manager: ServiceManager) -> None:
    """Give a sign of life twice in the time within which the manager wants one, until cancelled."""
    if manager.watchdog_seconds is None:
        return
    while True:
        manager.tell(WATCHDOG=1)
        await asyncio.sleep(manager.watchdog_seconds / 2)


def _sentence(problems: Mapping[str, str]) -> str:
    return f"Not ready: {', '.join(f'{part} {problem}' for part, problem in sorted(problems.items()))}."

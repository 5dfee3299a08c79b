"""How the daemon is told to stop, and why it is gone ten seconds later whatever holds it up.

A thread cannot be stopped: one that reads a large model, or asks a storage that hangs, would keep the process for
as long as it likes, until a service manager kills it. All that matters is in the database before anybody hears of
it, so the process may end anywhere.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from threading import Timer

import structlog

log = structlog.get_logger("bot")

STOP_SECONDS = 9.5
"""From the signal to the end of the process; what is usual is done after eight."""

_AGAIN_SECONDS = 1.0
"""What runs us may pass a Ctrl-C on that we have heard from the terminal as well; a person takes longer."""


def hear_signals() -> asyncio.Event:
    """Return what is set by SIGTERM or SIGINT, of which a second one, a second later, ends the process at once.

    To be called in the running loop, in the main thread.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    told_at = math.inf

    def stop() -> None:
        nonlocal told_at
        if stopping.is_set():
            if loop.time() - told_at >= _AGAIN_SECONDS:
                _leave("told twice")
            return
        told_at = loop.time()
        stopping.set()
        last_resort = Timer(STOP_SECONDS, _leave, ["something held it up"])
        last_resort.daemon = True
        last_resort.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


def _leave(reason: str) -> None:
    """End the process; what is open is taken up after the next start, as after a power cut."""
    log.warning("daemon.cut_short", reason=reason)
    sys.stderr.flush()
    os._exit(0)

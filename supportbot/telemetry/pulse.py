"""How long the event loop keeps everybody waiting: one slow callback delays every platform, page and probe.

Whatever takes longer than ``MOST_SECONDS`` belongs into a thread or into the process of the model.
"""

from __future__ import annotations

import asyncio
import gc
import sys

from threadpoolctl import threadpool_limits

from supportbot.telemetry import metrics

MOST_SECONDS = 0.05
"""A callback that takes longer is a defect."""

_PERIOD_SECONDS = 0.1


_SWITCH_SECONDS = 0.0005
"""After this, a thread that computes gives Python's lock to whoever waits for it. Python's own 5 ms are as long as
an approved answer takes, which needs the lock some ten times. The thread itself takes no more of the processor."""


def settle() -> None:
    """Have everything that is loaded by now let the event loop through quickly, from now on.

    What was loaded at the start is never garbage: a full collection of it took 0.1 s of the event loop. Numpy's
    products take one core, because its other threads wait awake for the next one, 18 ms of a core after each.
    """
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(_SWITCH_SECONDS)
    threadpool_limits(1, user_api="blas")


async def watch_event_loop() -> None:
    """Measure until cancelled how much later than asked for the loop comes round."""
    loop = asyncio.get_running_loop()
    while True:
        wanted = loop.time() + _PERIOD_SECONDS
        await asyncio.sleep(_PERIOD_SECONDS)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - wanted))
        metrics.TASKS.set(len(asyncio.all_tasks(loop)))

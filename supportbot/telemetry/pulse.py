"""How long the event loop keeps everybody waiting: one slow callback delays every platform, page and probe.

Whatever takes longer than ``MOST_SECONDS`` belongs into a thread or into the process of the model.
"""

from __future__ import annotations

import asyncio
import gc

from supportbot.telemetry import metrics

MOST_SECONDS = 0.05
"""A callback that takes longer is a defect."""

_PERIOD_SECONDS = 0.1


def settle() -> None:
    """Have the garbage collector run from now on, over what comes from now on.

    What was loaded at the start is never garbage: a full collection of it took 0.1 s of the event loop.
    """
    gc.freeze()
    gc.enable()


async def watch_event_loop() -> None:
    """Measure until cancelled how much later than asked for the loop comes round."""
    loop = asyncio.get_running_loop()
    while True:
        wanted = loop.time() + _PERIOD_SECONDS
        await asyncio.sleep(_PERIOD_SECONDS)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - wanted))
        metrics.TASKS.set(len(asyncio.all_tasks(loop)))

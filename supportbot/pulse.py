"""How long the event loop keeps everybody waiting: one slow callback delays every platform, page and probe.

Whatever takes longer than ``MOST_SECONDS`` belongs into a thread or into the process of the model.
"""

from __future__ import annotations

import asyncio
import gc

from supportbot import metrics

MOST_SECONDS = 0.05
"""A callback that takes longer is a defect."""

_PERIOD_SECONDS = 0.1


def settle() -> None:
    """Let the garbage collector pass over all that was loaded at the start, which is never garbage.

    A full collection of a daemon with its libraries took 0.1 s of the event loop; afterwards it takes microseconds
    and grows with what came since.
    """
    gc.collect()
    gc.freeze()


async def watch_event_loop() -> None:
    """Measure until cancelled how much later than asked for the loop comes round."""
    loop = asyncio.get_running_loop()
    while True:
        wanted = loop.time() + _PERIOD_SECONDS
        await asyncio.sleep(_PERIOD_SECONDS)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - wanted))

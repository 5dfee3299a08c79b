"""Models that get no new questions: each is closed when its last answer has ended, while another model answers."""

from __future__ import annotations

import asyncio

from supportbot.answering.live_model import Tenure


class Ending:
    """The models that are ending."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, tenure: Tenure) -> None:
        """Close a model when its last answer has ended."""
        task = asyncio.create_task(tenure.end(), name=f"end-{tenure.model.engine.model_version}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all have ended."""
        await asyncio.gather(*self._tasks)

    async def aclose(self) -> None:
        """Close all of them at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

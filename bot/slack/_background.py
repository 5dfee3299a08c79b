"""Small calls that nobody waits for, such as a status line or a thank-you: their failure changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Background:
    """Tasks that are kept until they end, and cancelled on closing."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, call: Callable[[], Awaitable[object]]) -> None:
        """Run a call beside everything else; if it fails, only the debug log tells."""
        task = asyncio.create_task(_quietly(name, call), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Cancel what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _quietly(name: str, call: Callable[[], Awaitable[object]]) -> None:
    try:
        await call()
    except Exception as error:  # an older workspace answers unknown_method, and a network fails as it likes
        log.debug("slack.call_failed", call=name, error=type(error).__name__)

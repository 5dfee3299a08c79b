"""At most one message a second and channel, which is what Slack allows, so that its 429 stays rare."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from supportbot.delivery.dispatch import RetryLaterError

POST_SECONDS = 1.0
"""https://docs.slack.dev/apis/web-api/rate-limits, "Posting messages"."""

_LONGEST_WAIT_SECONDS = 10.0
"""Replies that would wait longer go back to the outbox; an attempt there may take 30 seconds in all."""


@dataclass(slots=True)
class _Channel:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    users: int = 0


class Pace:
    """Gives each channel's messages their turn.

    Args:
        seconds: between the end of one message and the beginning of the next.
    """

    def __init__(self, seconds: float = POST_SECONDS) -> None:
        self._seconds = seconds
        self._channels: dict[str, _Channel] = {}

    @asynccontextmanager
    async def turn(self, channel: str) -> AsyncIterator[None]:
        """Wait for the channel's next turn and hold it.

        Raises:
            RetryLaterError: Slack has asked for a longer break than is worth waiting for.
        """
        state = self._channels.setdefault(channel, _Channel())
        state.users += 1
        try:
            async with state.lock:
                wait = state.free_at - time.monotonic()
                if wait > _LONGEST_WAIT_SECONDS:
                    raise RetryLaterError("the channel has a break", wait, unsent=True)
                await asyncio.sleep(wait)  # at once if there is nothing to wait for
                try:
                    yield
                finally:
                    state.free_at = max(state.free_at, time.monotonic() + self._seconds)
        finally:
            state.users -= 1
            self._forget_idle()

    def pause(self, channel: str, seconds: float) -> None:
        """Let nothing into a channel for a while, because Slack asks for it."""
        state = self._channels.setdefault(channel, _Channel())
        state.free_at = max(state.free_at, time.monotonic() + seconds)

    def _forget_idle(self) -> None:
        now = time.monotonic()
        idle = [name for name, state in self._channels.items() if not state.users and state.free_at <= now]
        for name in idle:
            del self._channels[name]

"""People who ask in the local Slack, and how long each waits for the acknowledgement and a reply."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.slack_server import Envelope, LocalSlack
from training.starter.data import load_faq

_LOOK_SECONDS = 0.02

_SEED = 0


@dataclass(slots=True)
class Asked:
    """One question; times are those of ``time.monotonic()``."""

    envelope: Envelope
    at: float
    answered_at: float | None = None
    busy: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ack_seconds(self) -> float | None:
        """How long until Slack heard "received"."""
        return None if self.envelope.acked_at is None else self.envelope.acked_at - self.at

    @property
    def seconds(self) -> float | None:
        """How long until the asker had an answer, or a reply that the bot is busy."""
        return None if self.answered_at is None else self.answered_at - self.at


class Crowd:
    """Asks, and records what comes back; use it while ``watching``.

    Args:
        slack: where they ask. Counted messages are forgotten, so that a long run does not measure their memory.
    """

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        wordings = [wording for topic in load_faq().topics for wording in topic.wordings]
        # Many people ask different things: a question that was just answered would be faster.
        self._questions = random.Random(_SEED).sample(wordings, len(wordings))  # noqa: S311
        self._numbers = itertools.count()
        self._open: dict[str, Asked] = {}

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Record replies in this context."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()

    async def ask(self, *, channel: str | None = None, user: str | None = None) -> Asked:
        """Have somebody ask; by default a new person in a new channel."""
        number = next(self._numbers)
        at = time.monotonic()
        envelope = await self._slack.mention(
            channel or f"C{number}", user or f"U{number}", self._questions[number % len(self._questions)]
        )
        self._open[envelope.ts] = asked = Asked(envelope, at)
        return asked

    async def wait(self, asked: Asked, seconds: float) -> float | None:
        """Wait until somebody has a reply; return how long that took, or None if none came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asked.answered.wait()
        return asked.seconds

    async def _watch(self) -> None:
        while True:
            messages = self._slack.messages
            for message in messages:
                if message.bot_id and (asked := self._open.pop(message.thread_ts or "", None)) is not None:
                    asked.answered_at = message.at
                    asked.busy = "I am busy" in message.shown
                    asked.answered.set()
            messages.clear()
            self._slack.envelopes[:] = [one for one in self._slack.envelopes if not one.acked]
            await asyncio.sleep(_LOOK_SECONDS)

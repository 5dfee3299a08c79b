"""The dispatcher: takes replies from the outbox and has the platform's sender deliver them. A sender reports a
failure with one of two errors: try later, or never. Any other exception is a temporary fault of the network or a
defect; the reply stays and is tried again, after longer and longer pauses.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from supportbot.delivery.claiming import Delivery
from supportbot.delivery.outbox import MOST_LAPSES, Outbox
from supportbot.errors import DatabaseError
from supportbot.telemetry import metrics, tracing, way

log = structlog.get_logger(__name__)

CONCURRENCY = 32
"""Replies of a platform that are in progress at once, each to another channel."""

POLL_SECONDS = 1.0
"""How often the outbox is checked without a signal: for replies that are due again."""

GIVE_UP_AFTER = timedelta(hours=24)
"""A reply that could not be delivered for this long is given up: such a late answer helps nobody."""

_MAX_BACKOFF_SECONDS = 15.0
"""With the attempt before it, which may hang for 10 seconds, less than the 30 within which a reply is promised
after the network has returned."""

_MOST_DOUBLINGS = 10
"""Of the backoff, which is far beyond its bound by then; an outage may last for thousands of attempts."""

_SEND_SECONDS = 30.0
"""For one attempt; the libraries of the platforms give up sooner."""

_GATHER_SECONDS = 0.05
"""While there is more than can be sent, for so long at most, so that many are claimed by one statement."""

_LOOK_FOR_SUSPECTS_SECONDS = 1.0
"""They are rare, and looking costs a statement."""


class RetryLaterError(Exception):
    """The reply can't be delivered now.

    Args:
        reason: for the log and the record.
        seconds: how long the platform asks to wait, or None for the usual backoff.
        unsent: whether it is certain that nothing reached the platform, as with a rate limit: then the next
            attempt need not look for a message of this one.
        whole_channel: whether the platform means all that goes to this channel, not this reply alone.
    """

    def __init__(
        self,
        reason: str,
        seconds: float | None = None,
        *,
        unsent: bool = False,
        whole_channel: bool = False,
    ) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.unsent = unsent
        self.whole_channel = whole_channel


class UndeliverableError(Exception):
    """The reply can never be delivered: the channel is gone, the bot was removed, …"""


class Sender(Protocol):
    """How one platform shows a reply."""

    @property
    def platform(self) -> str:
        """``slack``, ``discord`` or ``web``."""

    @property
    def pause(self) -> float:
        """Seconds that the platform wants between two messages in one channel; 0 for none."""

    async def send(self, delivery: Delivery) -> str:
        """Show a reply and return the platform's identity of it.

        If ``delivery.attempt`` is above 1 an earlier attempt may have succeeded without our knowing: the sender
        looks for ``delivery.mark`` first, or sends in a way that the platform itself makes idempotent.

        Raises:
            RetryLaterError: the platform asks to wait.
            UndeliverableError: it will never work.
        """


class Dispatcher:
    """Delivers the replies of one platform.

    Args:
        outbox: where replies come from.
        sender: the platform's.
        ring: called with a platform when there is something for it in the outbox.
    """

    def __init__(
        self, outbox: Outbox, sender: Sender, ring: Callable[[str], None] = lambda platform: None
    ) -> None:
        self._ring = ring
        self._outbox = outbox
        self._sender = sender
        self.wake = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._suspects_seen = -math.inf
        self._claimed_at = -math.inf
        self._has_more = False

    async def run(self) -> None:
        """Deliver until ``stop`` is called, and then what is due at that moment."""
        while not self._stopping:
            self.wake.clear()
            started = await self._start_due()
            if not started:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self.wake.wait()
        while self._tasks or await self._start_due():
            await asyncio.wait(self._tasks)

    def stop(self) -> None:
        """Let ``run`` end as soon as nothing is due any more."""
        self._stopping = True
        self.wake.set()

    async def deliver_due(self) -> int:
        """Try each reply that is due now; return how many attempts that took."""
        attempts = 0
        while started := await self._start_due():
            attempts += started
            await asyncio.wait(self._tasks)
        return attempts

    async def _start_due(self) -> int:
        """Claim as many replies as may be in progress at once, and begin to send them; return how many."""
        free = CONCURRENCY - len(self._tasks)
        if not free or (self._has_more and free < CONCURRENCY // 4 and not self._is_time_to_claim):
            return 0
        try:
            deliveries = await self._claim(free)
        except DatabaseError:
            # The database logs a full disk or a restarting PostgreSQL; the replies are safe there.
            return 0
        except Exception:
            log.exception("dispatch.claim_failed", platform=self._sender.platform)
            return 0
        self._claimed_at, self._has_more = time.monotonic(), len(deliveries) == free
        for delivery in deliveries:
            task = asyncio.create_task(self._deliver(delivery), name=f"reply-{delivery.outbox_id}")
            self._tasks.add(task)
            task.add_done_callback(partial(self._done, delivery))
        return len(deliveries)

    @property
    def _is_time_to_claim(self) -> bool:
        return time.monotonic() - self._claimed_at >= _GATHER_SECONDS

    async def _claim(self, limit: int) -> list[Delivery]:
        platform = self._sender.platform
        now = time.monotonic()
        if now - self._suspects_seen >= _LOOK_FOR_SUSPECTS_SECONDS:
            self._suspects_seen = now
            # The last one may be through when that is known.
            if self._tasks and await self._outbox.has_suspect(platform) and self._tasks:
                await asyncio.wait(self._tasks)  # it is sent alone, for it may end this process
            if not self._tasks and (suspect := await self._outbox.claim_suspect(platform)):
                await self._deliver(suspect)
                self._suspects_seen = -math.inf  # where there is one there may be more
                self.wake.set()
        return await self._outbox.claim(platform, limit)

    def _done(self, delivery: Delivery, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._outbox.forget(delivery.outbox_id)
        self.wake.set()
        if self._sender.pause:
            asyncio.get_running_loop().call_later(self._sender.pause, self.wake.set)
        if not task.cancelled() and (error := task.exception()):
            # The outcome could not be stored: the claim runs out, and the next attempt looks for its mark.
            log.error("reply.outcome_lost", **_names(delivery), exc_info=error)

    async def _deliver(self, delivery: Delivery) -> None:
        with (
            way.working_on(delivery.question_id),
            tracing.resume("reply.deliver", delivery.trace, lapses=delivery.lapses, **_names(delivery)),
        ):
            await self._try(delivery)

    async def _try(self, delivery: Delivery) -> None:
        if delivery.lapses >= MOST_LAPSES:
            await self._give_up(delivery, "each process that tried to send it ended")
            return
        try:
            with tracing.step(f"send {delivery.platform}", is_call=True):
                async with asyncio.timeout(_SEND_SECONDS):
                    identity = await self._sender.send(delivery)
        except UndeliverableError as error:
            await self._give_up(delivery, str(error))
        except RetryLaterError as error:
            await self._postpone(
                delivery, str(error), error.seconds, unsent=error.unsent, whole_channel=error.whole_channel
            )
        except Exception as error:
            # The class name only: the text of a network error may hold an address with a token in it.
            log.warning("reply.attempt_failed", **_names(delivery), exc_info=True)
            await self._postpone(delivery, type(error).__name__, None, unsent=False)
        else:
            await self._outbox.delivered(
                delivery.outbox_id, identity, pause=self._sender.pause, kind=delivery.kind
            )
            self._count("delivered")
            log.info("reply.delivered", **_names(delivery), reply=identity)

    async def _postpone(
        self,
        delivery: Delivery,
        error: str,
        seconds: float | None,
        *,
        unsent: bool,
        whole_channel: bool = False,
    ) -> None:
        if delivery.age > GIVE_UP_AFTER:
            await self._give_up(delivery, error)
            return
        if seconds is None:
            # Exponential with full jitter, so that many waiting replies don't come back in step.
            seconds = random.uniform(0.5, 1) * _backoff(delivery.attempt)  # noqa: S311
        pause = seconds if whole_channel else 0.0
        await self._outbox.postpone(
            delivery.outbox_id, timedelta(seconds=seconds), error, unsent=unsent, pause=pause
        )
        self._count("postponed")
        log.info("reply.postponed", **_names(delivery), seconds=round(seconds, 1), reason=error)

    async def _give_up(self, delivery: Delivery, error: str) -> None:
        told = await self._outbox.give_up(delivery.outbox_id, error, kind=delivery.kind)
        if told is not None:
            self._ring(told)
        self._count("given_up")
        log.error("reply.undeliverable", **_names(delivery), reason=error)

    def _count(self, outcome: str) -> None:
        tracing.note(outcome=outcome)
        metrics.DELIVERIES.labels(self._sender.platform, outcome).inc()


def _backoff(attempt: int) -> float:
    """Return how many seconds pass after an attempt, at most."""
    return min(_MAX_BACKOFF_SECONDS, 2.0 ** min(attempt, _MOST_DOUBLINGS))


def _names(delivery: Delivery) -> dict[str, str | int]:
    return {
        "platform": delivery.platform,
        "kind": delivery.kind.value,
        "question_id": delivery.question_id,
        "answer_id": delivery.answer_id,
        "attempt": delivery.attempt,
    }

"""The worker: takes questions from the inbox and puts answers into the outbox.

It claims as many questions as the engine can answer in time, and has no transaction open while the model
generates. If there are more, their askers are told within seconds, and so are those for whose questions the model
has no place (``slots``). Approved answers need none. When it is stopped it claims nothing more, gives the answers
in progress some time, and returns the rest to the inbox.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import timedelta
from functools import partial

import structlog

from supportbot.answering.answerer import Answerer
from supportbot.answering.outcomes import FAILED_TEXT, Outcomes
from supportbot.answering.pace import Pace
from supportbot.answering.unasked import find_reply
from supportbot.db.states import QuestionState
from supportbot.errors import (
    DatabaseError,
    DeadlineExceededError,
    EngineBusyError,
    ModelError,
    OverloadedError,
)
from supportbot.intake.admission import Crowd, Refusal
from supportbot.intake.claims import Claim
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import NO_QUESTION_TEXT, has_words
from supportbot.telemetry import metrics, tracing, way
from supportbot.words import N_

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""How often the inbox is checked without a signal: for other processes' questions and returned leases."""

_FULL_POLL_SECONDS = 0.5
"""How often the worker looks for questions that waited too long, while it cannot take more."""

MOST_LAPSES = 3
"""A question is set aside if this many processes ended while working on it: it may be the cause."""

_TOO_LATE_TEXT = N_("Sorry, I couldn't finish an answer in time. Please ask again in a moment.")
_EXPIRED_TEXT = N_("Sorry, I was away when you asked this. If you still need an answer, please ask again.")


class Worker:
    """Answers the questions of some platforms.

    Args:
        inbox: where questions come from and answers go.
        answerer: what to say.
        live: who watches.
        platforms: only their questions are claimed.
        answer_seconds: how long one answer may take.
        question_age: the asker of an older question is told so instead of getting an answer.
        on_answered: called with the platform whenever a reply was put into its outbox.
        showing: opened while an answer is written, so that it may be shown meanwhile.
    """

    def __init__(
        self,
        inbox: Inbox,
        answerer: Answerer,
        live: Live,
        *,
        platforms: Collection[str],
        answer_seconds: float,
        question_age: timedelta,
        on_answered: Callable[[str], None] = lambda platform: None,
        showing: Callable[[Claim], AbstractAsyncContextManager[None]] = lambda claim: nullcontext(),
    ) -> None:
        self._inbox = inbox
        self._answerer = answerer
        self._live = live
        self._platforms = tuple(platforms)
        self._answer_seconds = answer_seconds
        self._question_age = question_age
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._pace = Pace()
        self._started = time.monotonic()
        self._suspects_seen = -math.inf
        self._on_answered = on_answered
        self._outcomes = Outcomes(inbox, live, on_answered)
        self._showing = showing
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Claim and answer until ``drain`` is called."""
        self._started = time.monotonic()
        while not self._stopping:
            self.wake.clear()
            try:
                # The database logs a full disk or a restarting PostgreSQL; the questions are safe there.
                with suppress(DatabaseError):
                    await self._start_claimed()
            except Exception:
                log.exception("worker.claim_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS if self._free > 0 else _FULL_POLL_SECONDS):
                    await self.wake.wait()

    async def drain(self, seconds: float) -> None:
        """Stop claiming, wait for answers in progress, and return the rest to the inbox."""
        self._stopping = True
        self.wake.set()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def answer_one(self, question_id: int) -> bool:
        """Answer one particular question now; return False if somebody else has it."""
        claim = await self._inbox.claim_one(question_id)
        if claim is None:
            return False
        await self._work(claim)
        return True

    @property
    def _free(self) -> int:
        """How many more questions can be taken up."""
        capacity = self._answerer.capacity
        if (admitted := self._pace.admits(self._answer_seconds)) is not None:
            capacity = min(capacity, admitted)
        return capacity - len(self._tasks)

    async def _start_claimed(self) -> None:
        now = time.monotonic()
        if now - self._suspects_seen >= POLL_SECONDS:
            self._suspects_seen = now
            if await self._answer_suspect():  # where there is one there may be more
                self._suspects_seen = -math.inf
        if self._free > 0:
            for claim in await self._inbox.claim(self._platforms, self._free):
                self._start(claim)
        if self._free <= 0 and (patience := self._answerer.patience) is not None:
            await self._refuse_waiting(timedelta(seconds=patience))

    def _start(self, claim: Claim) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(claim), name=f"question-{claim.question_id}")
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, claim))
        return task

    async def _answer_suspect(self) -> bool:
        """Answer what was in work when processes ended alone, so that nothing else suffers if it ends this one.

        Returns:
            Whether there was something.
        """
        if not await self._inbox.has_suspect(self._platforms):
            return False
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._stopping or not (claim := await self._inbox.claim_suspect(self._platforms)):
            return False
        await asyncio.wait([self._start(claim)])
        return True

    async def _refuse_waiting(self, patience: timedelta) -> None:
        refusal = self._refusal()
        refused = await self._inbox.refuse_waiting(
            self._platforms, refusal, longer_than=patience, shorter_than=self._uptime
        )
        self._note_refused(refused, refusal)

    async def _refuse(self, claim: Claim) -> None:
        refusal = self._refusal()
        tracing.note(outcome="refused")
        await self._inbox.refuse(claim.question_id, refusal)
        self._live.finish(claim.question_id)
        self._note_refused([claim.platform], refusal)

    def _note_refused(self, platforms: Sequence[str], refusal: Refusal) -> None:
        if platforms:
            log.warning("worker.overloaded", refused=len(platforms), in_work=len(self._tasks))
        for platform in platforms:
            metrics.REFUSALS.labels(platform, refusal.reason).inc()
            self._on_answered(platform)

    async def crowd_for(self, question: str) -> Crowd | None:
        """Return how many may be in front of a question, and what is said past that; None for any number."""
        most = self._answerer.most_ahead
        if most is None or not await self._answerer.needs_place(question):
            return None
        return Crowd(most, self._refusal())

    def _refusal(self) -> Refusal:
        return Refusal("busy", self._pace.seconds_until_free)

    @property
    def _uptime(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._started)

    def _begin_by(self, claim: Claim, now: float) -> float | None:
        """Return until when a claim may wait for the model; what came while nobody was here has all its time."""
        patience = self._answerer.patience
        if patience is None or claim.late or claim.waited > self._uptime:
            return None
        return now + max(0.0, patience - claim.waited.total_seconds())

    def _done(self, claim: Claim, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake.set()
        if not task.cancelled() and (error := task.exception()):
            # Its result could not be stored: its lease runs out, and it is answered again.
            log.error("worker.outcome_lost", question_id=claim.question_id, exc_info=error)

    async def _work(self, claim: Claim) -> None:
        """Bring a claimed question to its next state, whatever happens."""
        traced = tracing.resume(
            "question.answer",
            claim.trace,
            question_id=claim.question_id,
            platform=claim.platform,
            attempt=claim.attempt,
            lapses=claim.lapses,
            waited_ms=round(claim.waited.total_seconds() * 1000),
        )
        with way.working_on(claim.question_id), traced, metrics.WORKING.track_inprogress():
            try:
                await (self._answer_unasked(claim) if claim.unasked else self._answer(claim))
            except asyncio.CancelledError:
                await self._inbox.release(claim.question_id, attempted=False)
                raise
            except Exception:
                log.exception("worker.failed", question_id=claim.question_id, attempt=claim.attempt)
                await self._outcomes.retry_or_fail(claim, "internal error")

    async def _answer_unasked(self, claim: Claim) -> None:
        """Answer what nobody asked the bot, or let it go without a word."""
        began = time.monotonic()
        if reply := await find_reply(self._answerer, claim, self._answer_seconds):
            await self._outcomes.finish(claim, reply, time.monotonic() - began)
            return
        tracing.note(outcome="left alone")
        await self._inbox.forget(claim.question_id)
        self._live.finish(claim.question_id)
        log.info("question.left_alone", question_id=claim.question_id, platform=claim.platform)

    async def _answer(self, claim: Claim) -> None:
        if claim.lapses >= MOST_LAPSES:
            log.error("question.set_aside", question_id=claim.question_id, lapses=claim.lapses)
            await self._outcomes.end(claim, QuestionState.FAILED, "ended the process", FAILED_TEXT)
            return
        if claim.waited > self._question_age:
            await self._outcomes.end(claim, QuestionState.EXPIRED, "waited too long", _EXPIRED_TEXT)
            return
        if not has_words(claim.text):
            await self._outcomes.end(claim, QuestionState.FAILED, "no text", NO_QUESTION_TEXT)
            return
        self._live.restart(claim.question_id)
        began = time.monotonic()
        reply = None
        self._pace.begin()
        try:
            async with self._showing(claim):
                reply = await self._answerer.answer(
                    claim.text,
                    time.monotonic() + self._answer_seconds,
                    lambda text: self._live.publish(claim.question_id, text),
                    workspace_id=claim.workspace_id,
                    earlier=claim.earlier,
                    begin_by=self._begin_by(claim, began),
                    verified_only=claim.policy.verified_only,
                    before=claim.drawn,
                    conversation=claim.conversation_id,
                )
        except OverloadedError:
            await self._refuse(claim)
        except EngineBusyError:
            tracing.note(outcome="given back")
            await self._inbox.release(claim.question_id, retry_in=timedelta(seconds=POLL_SECONDS), attempted=False)
        except DeadlineExceededError:
            await self._outcomes.end(claim, QuestionState.FAILED, "deadline", _TOO_LATE_TEXT)
        except ModelError as error:
            log.error("worker.model_failed", question_id=claim.question_id, error=str(error))
            await self._outcomes.retry_or_fail(claim, "model error")
        finally:
            self._pace.end(reply.answer_tokens or 0 if reply else 0)
        if reply:
            await self._outcomes.finish(claim, reply, time.monotonic() - began)

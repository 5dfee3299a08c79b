"""What becomes of a claimed question: its reply, another attempt, or an end without an answer; and who is told.

Each is one step in the database. What is said besides an answer is in the language of the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.claims import Claim
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Reply
from supportbot.telemetry import metrics, tracing
from supportbot.words import N_

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""A question whose answering failed this often is given up, and its asker is told."""

FAILED_TEXT = N_(
    "Sorry, something went wrong on my side, and I couldn't answer this. Please ask a member of the team."
)


class Outcomes:
    """Notes what became of questions that this process has claimed.

    Args:
        inbox: where they came from.
        live: who watches.
        on_answered: called with the platform whenever a reply was put into its outbox.
    """

    def __init__(
        self,
        inbox: Inbox,
        live: Live,
        on_answered: Callable[[str], None] = lambda platform: None,
    ) -> None:
        self._inbox = inbox
        self._live = live
        self._on_answered = on_answered

    async def finish(self, claim: Claim, reply: Reply, seconds: float) -> None:
        """Answer a question.

        Args:
            claim: on it.
            reply: the answer.
            seconds: that it took.
        """
        if claim.policy.offers_human(is_sure=reply.source is not AnswerSource.NOT_SURE):
            reply = replace(reply, grounds=replace(reply.grounds, offers_human=True))
        if reply.source is AnswerSource.NOT_SURE:  # the bot's own words; all others were written by somebody
            reply = replace(reply, text=claim.words.say(reply.text))
        with tracing.step("outbox.write"):
            answer_id = await self._inbox.finish(claim.question_id, reply)
        self._tell(claim)
        if answer_id is None:
            tracing.note(outcome="claim lost")
            log.warning("worker.claim_lost", question_id=claim.question_id)
            return
        tracing.note(outcome="answered", source=reply.source.value, answer_id=answer_id)
        metrics.ANSWERS.labels(claim.platform, reply.source.value).inc()
        metrics.ANSWER_TOKENS.inc(reply.answer_tokens or 0)
        metrics.ANSWER_SECONDS.labels(claim.platform).observe(claim.waited.total_seconds() + seconds)
        log.info(
            "question.answered",
            question_id=claim.question_id,
            answer_id=answer_id,
            platform=claim.platform,
            source=reply.source.value,
            entry_ids=[one.entry_id for one in reply.grounds.verified],
            passage_id=reply.grounds.quoted.example_id if reply.grounds.quoted else None,
            similarity=_rounded(reply.grounds.verified[0].similarity if reply.grounds.verified else None),
            confidence=_rounded(reply.confidence),
            tokens=reply.answer_tokens,
            latency_ms=reply.latency_ms,
        )

    async def retry_or_fail(self, claim: Claim, reason: str) -> None:
        """Let a question be claimed again, a little later each time; at last end it.

        Args:
            claim: on it.
            reason: what went wrong, for the record.
        """
        tracing.fail(reason)
        if claim.attempt < MAX_ATTEMPTS:
            tracing.note(outcome="given back")
            await self._inbox.release(claim.question_id, retry_in=timedelta(seconds=claim.attempt))
        else:
            await self.end(claim, QuestionState.FAILED, reason, FAILED_TEXT)

    async def end(self, claim: Claim, state: QuestionState, reason: str, text: str) -> None:
        """End a question without an answer, and tell the asker.

        Args:
            claim: on it.
            state: that it ends in.
            reason: why, for the record.
            text: what the asker is told, in English.
        """
        metrics.FAILURES.labels(claim.platform, reason).inc()
        log.warning("question.not_answered", question_id=claim.question_id, state=state.value, reason=reason)
        reply = Reply(text=claim.words.say(text), source=AnswerSource.NOT_SURE)
        tracing.note(outcome=state.value)
        tracing.fail(reason)
        with tracing.step("outbox.write"):
            await self._inbox.finish(claim.question_id, reply, state=state, reason=reason)
        self._tell(claim)

    def _tell(self, claim: Claim) -> None:
        self._live.finish(claim.question_id)
        self._on_answered(claim.platform)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

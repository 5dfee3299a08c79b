"""What to say: an approved answer, else what the model says where it can be trusted, else "I am not sure".

1. **Verified**: the approved answer, word for word, when the knowledge is sure. A question of two parts gets both
   answers if both are known. Small talk gets a short sentence.
2. **Generated**: from a model that was trained on this operator's rows, where ``beside`` lets it be heard. Without
   any knowledge the model alone decides, by its own floor.
3. **Quoted**: a passage of a document that nobody approved, word for word, where the operator lets it and it is
   near enough.
4. **Not sure**: one sentence, with the nearest verified questions to choose from.

Whether a model is asked at all is for ``trust``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from supportbot.answering.beside import hear, near_answer
from supportbot.answering.explain import Explanation, Verdict, explain
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel, Tenure
from supportbot.answering.replying import (
    another,
    earlier_texts,
    given_reply,
    instead,
    unverified_reply,
    with_meaning,
)
from supportbot.answering.trust import AnswerMode, Trust
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Engine
from supportbot.errors import DeadlineExceededError
from supportbot.intake.earlier import Turn
from supportbot.intake.questions import Grounds, Reply
from supportbot.intake.samples import Drawn
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.telemetry import tracing

_LOOK_SECONDS = 0.5
"""For looking up an approved answer before admission; it usually takes a fiftieth of that."""


class Answerer:
    """Turns the text of a question into a reply; see the module.

    Args:
        generator: what the model says.
        knowledge: what is approved; None as if there were nothing.
        mode: see ``Trust``.
        starter_may_speak: likewise.
        starter_is_named: likewise.
        passages: what may be quoted where nothing else is said; None for nothing.
    """

    def __init__(
        self,
        generator: Generator,
        knowledge: Knowledge | None = None,
        *,
        mode: AnswerMode = "verified_first",
        starter_may_speak: bool = True,
        starter_is_named: bool = False,
        passages: Passages | None = None,
    ) -> None:
        self.generator = generator
        self._knowledge = knowledge
        self._trust = Trust(mode, starter_may_speak, starter_is_named)
        self._passages = passages
        self._looking = asyncio.Lock()

    @property
    def engine(self) -> Engine:
        """What the next question is generated with."""
        return self.generator.engine

    @property
    def capacity(self) -> int:
        """Questions that it makes sense to have in progress at once."""
        return self.generator.capacity

    @property
    def patience(self) -> float | None:
        """Seconds for which a question may wait before its asker is told that the bot is busy; None for ever."""
        return self.generator.slots.patience

    @property
    def most_ahead(self) -> int | None:
        """How many people may be in front of somebody who is to have an answer in time; None for any number."""
        return self.generator.slots.most_ahead

    async def needs_place(self, question: str) -> bool:
        """Return whether a question has to wait for the model; one with an approved answer need not. It is looked
        up only while all places are taken, and one question at a time, so that this takes at most one core from
        the model. Other questions meanwhile count as waiting.

        Args:
            question: as received.
        """
        if not self.generator.slots.are_taken:
            return True
        if self._knowledge is None or not self._trust.asks_knowledge or self._looking.locked():
            return True
        async with self._looking:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    return not (await explain(self._knowledge, question)).given
            except TimeoutError:
                return True

    def replace_model(self, model: LiveModel) -> Tenure:
        """Generate with another model from now on; return the old one's tenure, to be ended."""
        return self.generator.replace_model(model)

    async def aclose(self) -> None:
        """Close the model, dropping what is in progress."""
        await self.generator.aclose()

    async def answer(
        self,
        question: str,
        deadline: float,
        on_text: Callable[[str], None] = lambda text: None,
        *,
        workspace_id: int | None = None,
        earlier: Sequence[Turn] = (),
        begin_by: float | None = None,
        verified_only: bool = False,
        before: Drawn | None = None,
        conversation: int | None = None,
    ) -> Reply:
        """Answer a question.

        Args:
            question: as received.
            deadline: in seconds of ``time.monotonic()``.
            on_text: called with each piece of text that may be shown already.
            workspace_id: where it was asked; None for an operator, who gets what any workspace would.
            earlier: what was asked and answered before where it was asked, the newest last.
            begin_by: when it is too late to begin to generate, likewise; by default the deadline.
            verified_only: whether nothing is said but what is approved, whatever the mode.
            before: what was drawn for it before; then nothing is shown until it is known to be another answer.
            conversation: where it was asked, as the record numbers that; None for an operator.

        Raises:
            EngineBusyError: the engine holds as much as it can.
            OverloadedError: the model had no place for it in time.
            DeadlineExceededError: there was not enough time.
            ModelError: the model is damaged.
        """
        started = time.monotonic()
        if before is not None:
            on_text = _say_nothing
        found = await self.explain(question, deadline, workspace_id, earlier, verified_only=verified_only)
        if found.given:
            reply = replace(given_reply(found), latency_ms=_since(started))
            on_text(reply.text)
        elif found.verdict is Verdict.DEGENERATE or verified_only or not self._is_asked(conversation):
            reply = replace(unverified_reply(found, on_text), latency_ms=_since(started))
        else:
            generated = await self.generator.answer(
                found.asked,
                deadline,
                on_text if found.decision is None else _say_nothing,
                earlier=earlier_texts(found, earlier),
                begin_by=begin_by,
                beside_knowledge=found.decision is not None,
                before=before,
                conversation=conversation,
            )
            reply = self.judge(generated, found, on_text)
        reply = with_meaning(reply, found)
        return reply if before is None else another(reply, before.texts)

    async def answer_unasked(
        self,
        question: str,
        deadline: float,
        *,
        workspace_id: int,
        verified_only: bool,
        conversation: int | None = None,
    ) -> Reply | None:
        """Answer what nobody asked the bot, if that is verified, or the model says the same as what is.

        Args:
            question: as received.
            deadline: as in ``answer``; a model is asked only if it has a place at once.
            workspace_id: as above.
            verified_only: as above.
            conversation: as above.

        Returns:
            The answer; None if the bot should stay silent.

        Raises:
            EngineBusyError: as in ``answer``, as are the other errors.
        """
        started = time.monotonic()
        found = await self.explain(question, deadline, workspace_id, (), verified_only=verified_only)
        if found.verdict is Verdict.SMALL_TALK:  # people talk to each other
            return None
        if found.given:
            return replace(given_reply(found), latency_ms=_since(started))
        may_say = not verified_only and self._is_asked(conversation)
        if not may_say or found.decision is None or near_answer(found.decision) is None:
            return None
        generated = await self.generator.answer(
            found.asked,
            deadline,
            _say_nothing,
            begin_by=started,
            beside_knowledge=True,
            conversation=conversation,
        )
        reply = self.judge(generated, found, _say_nothing)
        return reply if reply.source is AnswerSource.GENERATED else None

    async def explain(
        self,
        question: str,
        deadline: float,
        workspace_id: int | None = None,
        earlier: Sequence[Turn] = (),
        *,
        verified_only: bool = False,
    ) -> Explanation:
        """Return what is decided about a question before a model is asked; the arguments are those of ``answer``.

        Raises:
            DeadlineExceededError: it could not be looked up in time.
        """
        known = self._knowledge if verified_only or self._trust.asks_knowledge else None
        passages = None if verified_only else self._passages
        try:
            # Just after a start the knowledge may still be loading, and very large knowledge is in a database.
            with tracing.retrieval() as span:
                async with asyncio.timeout(deadline - time.monotonic()):
                    found = await explain(known, question, workspace_id, passages, earlier)
                span.note(verdict=found.verdict.value, given=len(found.given))
                return found
        except TimeoutError:
            raise DeadlineExceededError("The approved answers could not be searched in time.") from None

    @property
    def is_demo(self) -> bool:
        """Whether the starter would answer the next question as a demonstration."""
        return self._trust.is_demo(self.generator.model) and self.generates

    @property
    def generates(self) -> bool:
        """Whether a model is asked where nothing approved is known."""
        return self._is_asked(None)

    def _is_asked(self, conversation: int | None) -> bool:
        model = self.generator.model_for(conversation)
        has_own = self._knowledge is not None and self._knowledge.has_own
        if model.is_starter and self._passages is not None and self._passages.number:
            has_own = True  # the starter's shop does not exist, so it can't help here
        return self._trust.may_ask(model, has_own=has_own)

    def judge(self, reply: Reply, found: Explanation, on_text: Callable[[str], None]) -> Reply:
        """Return a generated reply if it may be shown beside what is known, else that the bot is not sure.

        Args:
            reply: what the model says, or that it is not sure enough.
            found: what was decided before it was asked.
            on_text: called with the text that may be shown.
        """
        was_sure = reply.source is AnswerSource.GENERATED
        if (decision := found.decision) is None:
            if not was_sure and found.quote is not None:
                return instead(reply, unverified_reply(found, on_text))
            is_demo = was_sure and self._trust.is_demo(self.generator.model)
            return replace(reply, grounds=Grounds(demo=is_demo))
        hearing = hear(reply.text, decision)
        if was_sure and hearing.heard:
            on_text(reply.text)
            return replace(reply, grounds=Grounds(figures=decision.figures() | {"agreement": hearing.agreement}))
        return instead(reply, unverified_reply(found, on_text))


def _say_nothing(text: str) -> None:
    """Show nothing of an answer while it is written."""


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)

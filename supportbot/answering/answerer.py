"""What to say: an approved answer, else what the model says where it can be trusted, else "I am not sure".

1. **Verified**: the approved answer, word for word, when the knowledge is sure. A question of two parts gets both
   answers if both are known. Small talk gets a short sentence.
2. **Generated**: from a model that was trained on this operator's rows, and where an approved answer is near, only
   if the model says the same. Without any knowledge the model alone decides, by its own floor.
3. **Not sure**: one sentence, with the nearest verified questions to choose from.

The starter is a demonstration. It is not asked where somebody has knowledge or a chat platform of their own,
unless they name it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from rapidfuzz import fuzz

from supportbot.answering.gate import is_degenerate
from supportbot.answering.generator import Generator, LiveModel, Tenure
from supportbot.answering.parts import parts_of
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Engine
from supportbot.intake.normalise import normalise_question
from supportbot.intake.questions import (
    NOT_SURE_NEAR_TEXT,
    NOT_SURE_TEXT,
    Grounds,
    Reply,
    Suggestion,
    Verified,
)
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.index import LEAST_SUGGESTED, Candidate, Decision
from supportbot.knowledge.knowledge import Knowledge

AnswerMode = Literal["verified_first", "generate_only"]

_AGREES = 80
"""Of a hundred: how much of the words of a generated answer must be those of the approved one that is near
(rapidfuzz's token set ratio). What a model garbles of two answers stays below 70."""


class Answerer:
    """Turns the text of a question into a reply; see the module.

    Args:
        generator: what the model says.
        knowledge: what is approved; None as if there were nothing.
        mode: whether knowledge is asked at all.
        starter_may_speak: whether the starter is asked while there is no knowledge.
        starter_is_named: whether the operator set the starter by name; then it is asked in any case.
    """

    def __init__(
        self,
        generator: Generator,
        knowledge: Knowledge | None = None,
        *,
        mode: AnswerMode = "verified_first",
        starter_may_speak: bool = True,
        starter_is_named: bool = False,
    ) -> None:
        self.generator = generator
        self._knowledge = knowledge
        self._mode = mode
        self._starter_may_speak = starter_may_speak
        self._starter_is_named = starter_is_named

    @property
    def engine(self) -> Engine:
        """What the next question is generated with."""
        return self.generator.engine

    @property
    def capacity(self) -> int:
        """Questions that it makes sense to have under way at once."""
        return self.generator.capacity

    def replace_model(self, model: LiveModel) -> Tenure:
        """Generate with another model from now on; return the old one's tenure, to be ended."""
        return self.generator.replace_model(model)

    async def aclose(self) -> None:
        """Close the model, dropping what is under way."""
        await self.generator.aclose()

    async def answer(
        self,
        question: str,
        deadline: float,
        on_text: Callable[[str], None] = lambda text: None,
        *,
        workspace_id: int | None = None,
    ) -> Reply:
        """Answer a question.

        Args:
            question: as received.
            deadline: in seconds of ``time.monotonic()``.
            on_text: called with each piece of text that may be shown already.
            workspace_id: where it was asked; None for an operator, who gets what any workspace would.

        Raises:
            EngineBusyError: the engine holds as much as it can.
            DeadlineExceededError: there was not enough time.
            ModelError: the model is damaged.
        """
        started = time.monotonic()
        asked = normalise_question(question)
        if is_degenerate(asked):
            return replace(_not_sure(None), latency_ms=_since(started))
        decision = None
        if self._knowledge is not None and self._mode == "verified_first":
            decision = await self._knowledge.decide(asked, workspace_id)
            given = await self._verified(self._knowledge, asked, decision, workspace_id)
            if given is not None:
                on_text(given.text)
                return replace(given, latency_ms=_since(started))
        if not self._may_generate(decision):
            return replace(_not_sure(decision), latency_ms=_since(started))
        reply = await self.generator.answer(asked, deadline, on_text if decision is None else lambda text: None)
        return self._judged(reply, decision, on_text)

    async def _verified(
        self, knowledge: Knowledge, asked: str, decision: Decision | None, workspace_id: int | None
    ) -> Reply | None:
        """Return what is approved, if the knowledge is sure."""
        if decision is not None and decision.exact:
            return _given([decision.candidates[0]], decision)
        if (talk := knowledge.small_talk.find(asked)) is not None:
            return _small_talk(talk)
        if decision is None:
            return None
        if parts := parts_of(asked):
            decided = [await knowledge.decide(part, workspace_id) for part in parts]
            if all(one is not None and one.sure for one in decided):
                both = list({one.candidates[0].entry.id: one.candidates[0] for one in decided if one}.values())
                if len(both) > 1:
                    return _given(both, decision)
        return _given([decision.candidates[0]], decision) if decision.sure else None

    @property
    def _has_own(self) -> bool:
        return self._knowledge is not None and self._knowledge.has_own

    def _may_generate(self, decision: Decision | None) -> bool:
        """Return whether the model is asked at all."""
        model = self.generator.model
        if model.is_starter:
            return self._starter_is_named or (self._starter_may_speak and not self._has_own)
        return decision is None or model.knows_us

    def _judged(self, reply: Reply, decision: Decision | None, on_text: Callable[[str], None]) -> Reply:
        """Return a generated reply if it may be shown beside what is known, else that the bot is not sure."""
        demo = self.generator.model.is_starter and not self._starter_is_named
        if decision is None:
            return replace(reply, grounds=Grounds(demo=demo and reply.source is AnswerSource.GENERATED))
        best = decision.candidates[0] if decision.candidates else None
        agreement = _agreement(reply.text, best.entry.answer) if best else 0.0
        if reply.source is AnswerSource.GENERATED and agreement >= _AGREES:
            on_text(reply.text)
            return replace(reply, grounds=Grounds(figures=decision.figures() | {"agreement": round(agreement)}))
        unsure = _not_sure(decision)
        draft = reply.text if reply.source is AnswerSource.GENERATED else reply.draft
        return replace(reply, text=unsure.text, source=unsure.source, draft=draft, grounds=unsure.grounds)


def _given(candidates: list[Candidate], decision: Decision) -> Reply:
    return Reply(
        text="\n\n".join(candidate.entry.answer for candidate in candidates),
        source=AnswerSource.APPROVED,
        confidence=None,
        grounds=Grounds(
            verified=tuple(
                Verified(
                    entry_id=candidate.entry.id,
                    approved_by=candidate.entry.approved_by,
                    approved_at=candidate.entry.approved_at,
                    similarity=round(candidate.similarity, 4),
                )
                for candidate in candidates
            ),
            figures=decision.figures(),
        ),
    )


def _small_talk(entry: KnownEntry) -> Reply:
    verified = Verified(
        entry_id=entry.id, approved_by=entry.approved_by, approved_at=entry.approved_at, similarity=1.0
    )
    return Reply(text=entry.answer, source=AnswerSource.APPROVED, grounds=Grounds(verified=(verified,)))


def _not_sure(decision: Decision | None) -> Reply:
    near = [one for one in decision.candidates if one.similarity >= LEAST_SUGGESTED] if decision else []
    return Reply(
        text=NOT_SURE_NEAR_TEXT if near else NOT_SURE_TEXT,
        source=AnswerSource.NOT_SURE,
        grounds=Grounds(
            suggestions=tuple(Suggestion(one.entry.id, one.wording.text) for one in near),
            figures=decision.figures() if decision else None,
        ),
    )


def _agreement(generated: str, approved: str) -> float:
    ratio: float = fuzz.token_set_ratio(generated, approved)
    return ratio


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)

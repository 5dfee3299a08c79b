"""One model with the answerer that serves: what somebody would have seen, question by question.

Each question is generated at most once for both modes, so the modes only differ in how they use the same text; the
floor of each is applied afterwards. Seeds are random, as they are for people.

This module knows the answerer and texts; figures are for ``answerer``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator, hold_back
from supportbot.answering.live_model import LiveModel
from supportbot.answering.trust import AnswerMode
from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Reply
from supportbot.intake.samples import Drawn
from training.evaluate.judging import Judge
from training.evaluate.knowing import Known

MODES: tuple[AnswerMode, ...] = get_args(AnswerMode)

ANSWER_SECONDS = 600.0
"""An answer takes a fraction of a second; on a very busy machine it may take this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the daemon answers, by its settings.

    Attributes:
        candidates: see ``Generator``.
        starter_may_speak: see ``Answerer``.
        starter_is_named: see ``Answerer``.
    """

    candidates: int
    starter_may_speak: bool
    starter_is_named: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The outcome of one question: the source of the reply, and whether it is right."""

    source: AnswerSource
    right: bool

    @property
    def given(self) -> bool:
        """Whether there was an answer, right or wrong."""
        return self.source is not AnswerSource.NOT_SURE


@dataclass(frozen=True, slots=True)
class Answered:
    """One model's outcomes in one mode: for the rows, and for each kind of foreign questions."""

    rows: Sequence[Shown]
    foreign: Mapping[str, Sequence[Shown]]


class _Once(Generator):
    """Gives the same answer to the same question."""

    def __init__(self, model: LiveModel, candidates: int) -> None:
        # A text stopped below one mode's floor could not be shown in the other.
        super().__init__(replace(model, confidence_floor=None, floor_beside=None), candidates=candidates)
        self._floored = model
        self._replies: dict[str, Reply] = {}

    async def answer(
        self,
        question: str,
        deadline: float,
        on_text: Callable[[str], None] = lambda text: None,
        *,
        earlier: Sequence[str] = (),
        begin_by: float | None = None,
        beside_knowledge: bool = False,
        before: Drawn | None = None,
        conversation: int | None = None,
    ) -> Reply:
        """Answer a question, or return what was answered before."""
        key = "\n".join((*earlier, question))
        if key not in self._replies:
            self._replies[key] = await super().answer(
                question, deadline, earlier=earlier, begin_by=begin_by, before=before, conversation=conversation
            )
        return hold_back(self._replies[key], self._floored.floor(beside_knowledge=beside_knowledge))


async def ask_answerer(
    known: Known, judge: Judge, model: LiveModel, manner: Manner, on_step: Callable[[], None] = lambda: None
) -> dict[AnswerMode, Answered]:
    """Ask everything in each mode.

    Args:
        known: the knowledge, and the questions.
        judge: of the rows, for generated answers; approved ones are recognised by their entries.
        model: what generates.
        manner: how.
        on_step: called after each answer.

    Raises:
        ModelError: the model is damaged.
    """
    generator = _Once(model, manner.candidates)
    slots = asyncio.Semaphore(max(1, generator.capacity // 2))
    found: dict[AnswerMode, Answered] = {}
    for mode in MODES:
        answerer = Answerer(
            generator,
            known.knowledge,
            mode=mode,
            starter_may_speak=manner.starter_may_speak,
            starter_is_named=manner.starter_is_named,
        )

        async def ask(question: str, answerer: Answerer = answerer) -> Reply:
            async with slots:
                reply = await answerer.answer(question, time.monotonic() + ANSWER_SECONDS)
            on_step()
            return reply

        replies = await asyncio.gather(*(ask(row.question) for row in known.rows))
        foreign = {
            kind: [Shown(reply.source, right=False) for reply in await asyncio.gather(*map(ask, questions))]
            for kind, questions in known.foreign.items()
        }
        rows = [Shown(reply.source, _is_right(row, reply, known, judge)) for row, reply in enumerate(replies)]
        found[mode] = Answered(rows, foreign)
    return found


def _is_right(row: int, reply: Reply, known: Known, judge: Judge) -> bool:
    """Return whether the answer was shown: by its entry, of two entries too, or in a model's words."""
    if reply.source is AnswerSource.APPROVED:
        return any(one.entry_id in known.meant[row] for one in reply.grounds.verified)
    return reply.source is AnswerSource.GENERATED and judge.is_right(row, reply.text)

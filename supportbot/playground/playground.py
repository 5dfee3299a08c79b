"""A question to versions of the model, in both modes, as it would be answered; nothing of it is kept.

Each version writes once: a mode changes what becomes of a text, not the text. The live version is asked in the
engine that answers people, others in engines of their own; either only while nobody is being answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import get_args

from supportbot.answering.answerer import Answerer
from supportbot.answering.aside import aside, quiet
from supportbot.answering.beside import hear, near_answer
from supportbot.answering.explain import Explanation, Verdict
from supportbot.answering.generator import Generator, as_reply
from supportbot.answering.live_model import LiveModel, is_below
from supportbot.answering.replying import given_reply, unverified_reply
from supportbot.answering.trust import AnswerMode
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.engine.base import SamplingParams
from supportbot.errors import SupportBotError
from supportbot.intake.normalise import normalise_question
from supportbot.intake.questions import Reply
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.models.loading import starter_may_speak
from supportbot.models.registry import STARTER, Registry
from supportbot.playground.engines import KEPT_SECONDS, Engines
from supportbot.playground.writing import Written, write
from supportbot.words import N_

MODES: Sequence[AnswerMode] = get_args(AnswerMode)

_NO_QUESTION = N_("Enter a question to try.")


class Stage(StrEnum):
    """What a run is at."""

    TURN = "turn"
    """Somebody else tries something."""
    PEOPLE = "people"
    """People are being answered."""
    LOADING = "loading"
    WRITING = "writing"


class Why(StrEnum):
    """Why something would be said."""

    GIVEN = "given"
    """It is approved."""
    HEARD = "heard"
    """The model is sure enough, and says what may be said."""
    NO_QUESTION = "no question"
    NOT_ASKED = "not asked"
    EMPTY = "empty"
    """The model wrote nothing."""
    BELOW = "below"
    """It is not sure enough; in a chat it is stopped there."""
    NOT_NEAR = "not near"
    """No approved answer is near enough for a model to be heard."""
    DIFFERS = "differs"
    """It says something else than the approved answer that is nearest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What would be said in a mode.

    Attributes:
        mode: which.
        why: that is said.
        reply: what is said, as in a chat.
        floor: the confidence below which the model is not heard in this mode, in nats; None for any.
    """

    mode: AnswerMode
    why: Why
    reply: Reply
    floor: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one version makes of a question."""

    written: Written
    outcomes: tuple[Outcome, ...]


class PlaygroundError(SupportBotError):
    """There is nothing to try."""


class Playground:
    """Tries questions on versions.

    Args:
        settings: of this process.
        database: says of versions what they were trained on.
        knowledge: that is asked first.
        passages: that may be quoted, if any may.
        answerer: of the daemon, with the live model and the places of people.
        kept_seconds: for which a version stays loaded after its last use.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        knowledge: Knowledge,
        passages: Passages | None,
        answerer: Answerer,
        *,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._settings = settings
        self._knowledge = knowledge
        self._passages = passages
        self._answerer = answerer
        self._registry = Registry(settings.models_dir)
        self.engines = Engines(settings, database, kept_seconds=kept_seconds)
        self._running = asyncio.Lock()

    async def aclose(self) -> None:
        """Close what is loaded beside the live model."""
        await self.engines.aclose()

    async def versions(self) -> tuple[str, ...]:
        """Return the versions that can be tried: the live one, the one that was before it, then the others."""
        installed = await asyncio.to_thread(self._registry.versions)
        previous = await asyncio.to_thread(self._registry.previous)
        live = self._answerer.engine.model_version
        return tuple(dict.fromkeys([live, *([previous] if previous in installed else []), *reversed(installed)]))

    async def run(
        self,
        question: str,
        versions: Sequence[str],
        params: SamplingParams,
        told: Callable[[Stage, str], None] = lambda stage, version: None,
    ) -> AsyncGenerator[Side]:
        """Yield what each version makes of a question; one run at a time.

        Args:
            question: as somebody might type it.
            versions: which.
            params: how tokens are drawn.
            told: is told what this is at, with the version or "".

        Raises:
            PlaygroundError: there is no question.
            SupportBotError: a version can't be asked; the sentence says why.
        """
        if not question.strip():
            raise PlaygroundError(_NO_QUESTION)
        told(Stage.TURN, "")
        async with self._running:
            for version in versions:
                async with self._use(version, told) as model:
                    yield await self._try(model, question, params, told)

    @asynccontextmanager
    async def _use(self, version: str, told: Callable[[Stage, str], None]) -> AsyncGenerator[LiveModel]:
        if version == self._answerer.engine.model_version:
            with self._answerer.generator.borrow() as model:
                yield model
            return
        slots, people = self._answerer.generator.slots, partial(told, Stage.PEOPLE, version)
        # Loading takes cores as writing does, though it can't be broken off.
        await quiet(slots, self._deadline(), people)
        async with self.engines.use(version, partial(told, Stage.LOADING, version)) as model:
            yield model

    async def _try(
        self, model: LiveModel, question: str, params: SamplingParams, told: Callable[[Stage, str], None]
    ) -> Side:
        engine = model.engine

        async def work() -> Written:
            told(Stage.WRITING, engine.model_version)
            return await write(engine, normalise_question(question), params, self._deadline())

        people = partial(told, Stage.PEOPLE, engine.model_version)
        written = await aside(self._answerer.generator.slots, work, self._deadline(), people)
        return Side(
            written=written,
            outcomes=tuple([await self._outcome(model, mode, question, params, written) for mode in MODES]),
        )

    async def _outcome(
        self, model: LiveModel, mode: AnswerMode, question: str, params: SamplingParams, written: Written
    ) -> Outcome:
        """Return what an answerer with this version, in this mode, would say."""
        answerer = Answerer(
            Generator(model),
            self._knowledge,
            mode=mode,
            starter_may_speak=starter_may_speak(self._settings),
            starter_is_named=self._settings.model == STARTER,
            passages=self._passages,
        )
        found = await answerer.explain(question, self._deadline())
        floor = model.floor(beside_knowledge=found.decision is not None)
        why = _why(found, written, floor, is_asked=answerer.generates)
        if why is Why.GIVEN:
            reply = given_reply(found)
        elif why in (Why.NO_QUESTION, Why.NOT_ASKED):
            reply = unverified_reply(found, _say_nothing)
        else:
            generated = as_reply(
                model.engine,
                written.prompt,
                written.generation,
                params.as_record(),
                sure=bool(written.text) and not is_below(written.confidence, floor),
                milliseconds=written.milliseconds,
            )
            reply = answerer.judge(generated, found, _say_nothing)
        return Outcome(mode=mode, why=why, reply=reply, floor=floor)

    def _deadline(self) -> float:
        return time.monotonic() + self._settings.answer_seconds


def _why(found: Explanation, written: Written, floor: float | None, *, is_asked: bool) -> Why:
    """Return why something would be said, by the order in which an answerer looks."""
    if found.given:
        return Why.GIVEN
    if found.verdict is Verdict.DEGENERATE:
        return Why.NO_QUESTION
    if not is_asked:
        return Why.NOT_ASKED
    if not written.text:
        return Why.EMPTY
    if is_below(written.confidence, floor):
        return Why.BELOW
    if found.decision is None or hear(written.text, found.decision).heard:
        return Why.HEARD
    return Why.DIFFERS if near_answer(found.decision) else Why.NOT_NEAR


def _say_nothing(text: str) -> None:
    """Show nothing while it is decided."""

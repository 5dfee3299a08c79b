"""What to say: the model's answer, or "I am not sure".

The model is asked under the documented sampling. Its first tokens tell how sure it is; below the confidence floor
generation stops at once and the asker hears the honest thing instead of a fluent guess. An empty generation is
tried once more with another seed. Until the floor is passed nothing is shown, so no text is ever taken back.

The model may be replaced at any time by changing one reference: an answer keeps the model that it began with, and
the old one is closed when its last answer has ended.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace

from supportbot.engine.base import (
    CONFIDENCE_TOKENS,
    Engine,
    FinishReason,
    SamplingParams,
    confidence,
    mean_logprob,
)
from supportbot.prompt import Prompt, encode_prompt
from supportbot.questions import Reply
from supportbot.states import AnswerSource

NOT_SURE_TEXT = (
    "I am not sure about this one, and I would rather not guess. "
    "Please rephrase the question, or ask a member of the team."
)
NO_QUESTION_TEXT = "I can only read text so far: please type your question in a sentence or two."

_SEED_BITS = 63  # what a signed 64-bit column holds


@dataclass(frozen=True, slots=True)
class LiveModel:
    """What answers: an engine, and the confidence below which it is not to be trusted (nats; None trusts all)."""

    engine: Engine
    confidence_floor: float | None


class Tenure:
    """The time for which one model answers; it counts the answers under way.

    Args:
        model: that answers.
    """

    def __init__(self, model: LiveModel) -> None:
        self.model = model
        self._answers = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def answering(self) -> Iterator[LiveModel]:
        """Use the model for one answer."""
        self._answers += 1
        self._idle.clear()
        try:
            yield self.model
        finally:
            self._answers -= 1
            if not self._answers:
                self._idle.set()

    async def end(self) -> None:
        """Close the model when its last answer has ended, or at once if this is cancelled."""
        try:
            await self._idle.wait()
        finally:
            await self.model.engine.aclose()


@dataclass(slots=True)
class _Generation:
    """What came out of the engine for one seed."""

    seed: int
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: FinishReason | None = None
    unsure: bool = False


class Answerer:
    """Turns the text of a question into a reply; see the module.

    Args:
        engine: what continues the prompt.
        confidence_floor: in nats (see ``engine.base.confidence``); None trusts every answer.
        sampling: how tokens are drawn; each question gets a seed of its own.
    """

    def __init__(
        self, engine: Engine, *, confidence_floor: float | None, sampling: SamplingParams | None = None
    ) -> None:
        self._tenure = Tenure(LiveModel(engine, confidence_floor))
        self._sampling = sampling or SamplingParams()

    @property
    def engine(self) -> Engine:
        """What the next question is answered with."""
        return self._tenure.model.engine

    def replace_model(self, model: LiveModel) -> Tenure:
        """Answer with another model from now on; return the old one's tenure, to be ended."""
        old, self._tenure = self._tenure, Tenure(model)
        return old

    async def aclose(self) -> None:
        """Close the model, dropping what is under way."""
        await self.engine.aclose()

    async def answer(
        self, question: str, deadline: float, on_text: Callable[[str], None] = lambda text: None
    ) -> Reply:
        """Answer a question.

        Args:
            question: as typed.
            deadline: in seconds of ``time.monotonic()``.
            on_text: called with each piece of text that may be shown already.

        Raises:
            EngineBusyError: the engine holds as much as it can.
            DeadlineExceededError: there was not enough time.
            ModelError: the model is damaged.
        """
        with self._tenure.answering() as model:
            return await self._answer(model, question, deadline, on_text)

    async def _answer(
        self, model: LiveModel, question: str, deadline: float, on_text: Callable[[str], None]
    ) -> Reply:
        started = time.monotonic()
        prompt = encode_prompt(model.engine.tokenizer, question, max_length=self._sampling.max_length)
        generation, text = await self._generate(model, prompt, deadline, on_text)
        if not text and not generation.unsure:
            generation, text = await self._generate(model, prompt, deadline, on_text)
        sure = bool(text) and not generation.unsure
        return Reply(
            text=text if sure else NOT_SURE_TEXT,
            source=AnswerSource.GENERATED if sure else AnswerSource.NOT_SURE,
            model_version=model.engine.model_version,
            sampling=self._sampling.as_record(),
            seed=generation.seed,
            prompt=prompt.text,
            shortened=prompt.shortened,
            draft=None if sure else text,
            prompt_tokens=len(prompt.token_ids),
            answer_tokens=len(generation.token_ids),
            finish=generation.finish,
            confidence=confidence(generation.logprobs),
            mean_logprob=mean_logprob(generation.logprobs),
            latency_ms=round((time.monotonic() - started) * 1000),
        )

    async def _generate(
        self, model: LiveModel, prompt: Prompt, deadline: float, on_text: Callable[[str], None]
    ) -> tuple[_Generation, str]:
        """Generate once; return what came and its stripped text."""
        generation = _Generation(seed=secrets.randbits(_SEED_BITS))
        held_back: str | None = ""  # None once the floor is passed and text flows
        params = replace(self._sampling, seed=generation.seed)
        async with aclosing(model.engine.stream(prompt, params, deadline)) as chunks:
            async for chunk in chunks:
                generation.token_ids += chunk.token_ids
                generation.logprobs += chunk.logprobs
                generation.finish = chunk.finish
                if held_back is None:
                    on_text(chunk.text)
                    continue
                held_back += chunk.text
                if len(generation.token_ids) < CONFIDENCE_TOKENS and not chunk.finish:
                    continue
                if _is_below_floor(generation.logprobs, model.confidence_floor):
                    generation.unsure = True
                    break
                if held_back.strip():
                    on_text(held_back.lstrip())
                    held_back = None
        text = model.engine.tokenizer.decode(generation.token_ids, skip_special_tokens=True)
        return generation, str(text).strip()


def _is_below_floor(logprobs: list[float], floor: float | None) -> bool:
    value = confidence(logprobs)
    return floor is not None and value is not None and value < floor

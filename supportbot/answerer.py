"""What to say: the model's answer, or "I am not sure".

The model is asked under the documented sampling. Its first tokens tell how sure it is; below the confidence floor
generation stops at once and the asker hears the honest thing instead of a fluent guess. An empty generation is
tried once more with another seed. Until the floor is passed nothing is shown, so no text is ever taken back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import aclosing
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
        self.engine = engine
        self.confidence_floor = confidence_floor
        self._sampling = sampling or SamplingParams()

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
        started = time.monotonic()
        prompt = encode_prompt(self.engine.tokenizer, question, max_length=self._sampling.max_length)
        generation, text = await self._generate(prompt, deadline, on_text)
        if not text and not generation.unsure:
            generation, text = await self._generate(prompt, deadline, on_text)
        sure = bool(text) and not generation.unsure
        return Reply(
            text=text if sure else NOT_SURE_TEXT,
            source=AnswerSource.GENERATED if sure else AnswerSource.NOT_SURE,
            model_version=self.engine.model_version,
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
        self, prompt: Prompt, deadline: float, on_text: Callable[[str], None]
    ) -> tuple[_Generation, str]:
        """Generate once; return what came and its stripped text."""
        generation = _Generation(seed=secrets.randbits(_SEED_BITS))
        held_back: str | None = ""  # None once the floor is passed and text flows
        params = replace(self._sampling, seed=generation.seed)
        async with aclosing(self.engine.stream(prompt, params, deadline)) as chunks:
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
                if self._is_below_floor(generation.logprobs):
                    generation.unsure = True
                    break
                if held_back.strip():
                    on_text(held_back.lstrip())
                    held_back = None
        text = self.engine.tokenizer.decode(generation.token_ids, skip_special_tokens=True)
        return generation, str(text).strip()

    def _is_below_floor(self, logprobs: list[float]) -> bool:
        value = confidence(logprobs)
        return self.confidence_floor is not None and value is not None and value < self.confidence_floor

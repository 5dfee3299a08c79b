"""Many questions put to one model, through the same engine and prompt that serve it.

Question number ``i`` is sampled with ``seed + i``, whatever else is in progress, so with the same questions and
seed only the models differ.

This module knows an engine and texts, but not which answers are right.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from supportbot.engine.base import Engine, SamplingParams, confidence
from supportbot.engine.prompt import encode_prompt

LEAST_CONFIDENCE = -1000.0
"""The confidence of an empty answer, in nats: far below any other."""

_ANSWER_SECONDS = 600.0
"""An answer takes a fraction of a second; on a very busy machine it may take this long."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer.

    Attributes:
        text: stripped, as a user would see it.
        confidence: see ``engine.base.confidence``; ``LEAST_CONFIDENCE`` if the answer is empty.
        tokens: its length, without the end-of-text token.
        seconds: from the start of its prompt to its end, decoded beside other answers.
    """

    text: str
    confidence: float
    tokens: int
    seconds: float


async def ask_all(
    engine: Engine,
    questions: Sequence[str],
    params: SamplingParams,
    seed: int,
    on_answer: Callable[[], None] = lambda: None,
) -> list[Asked]:
    """Return an answer to each question, in order; asks as many at once as the engine's capacity.

    Args:
        engine: of the model.
        questions: as users type them.
        params: how tokens are drawn; ``seed`` replaces the one in here.
        seed: of the first question.
        on_answer: called after each answer.

    Raises:
        ModelError: the model is damaged.
    """
    slots = asyncio.Semaphore(max(1, engine.capacity // 2))

    async def answer(number: int, question: str) -> Asked:
        prompt = encode_prompt(engine.tokenizer, question)
        text, logprobs = "", list[float]()
        async with slots:
            started = time.monotonic()
            chunks = engine.stream(prompt, replace(params, seed=seed + number), started + _ANSWER_SECONDS)
            async for chunk in chunks:
                text += chunk.text
                logprobs.extend(chunk.logprobs)
        sure = confidence(logprobs)
        seconds = time.monotonic() - started
        on_answer()
        return Asked(text.strip(), LEAST_CONFIDENCE if sure is None else sure, len(logprobs), seconds)

    return await asyncio.gather(*(answer(number, question) for number, question in enumerate(questions)))

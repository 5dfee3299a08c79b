"""Several answers to one prompt at once, of which the one that the model itself finds most likely is taken.

Only their seeds differ, and the prompt is the same, so an engine decodes them as one batch. The choice needs
complete answers: it ranks them by the mean log-probability of a token, before temperature and cuts (best-of-n).

This module knows an engine; questions, floors and records are the answerer's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from supportbot.engine.base import Chunk, Engine, FinishReason, SamplingParams, Tokenizer, mean_logprob
from supportbot.engine.prompt import Prompt


@dataclass(slots=True)
class Generation:
    """What came out of the engine for one seed."""

    seed: int
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: FinishReason | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self.token_ids += chunk.token_ids
        self.logprobs += chunk.logprobs
        self.finish = chunk.finish

    def text(self, tokenizer: Tokenizer) -> str:
        """Return the stripped text."""
        return str(tokenizer.decode(self.token_ids, skip_special_tokens=True)).strip()


async def generate(
    engine: Engine, prompt: Prompt, params: SamplingParams, deadline: float, *, most_tokens: int | None = None
) -> Generation:
    """Generate for one seed, to the end or until there are ``most_tokens``.

    Raises:
        EngineBusyError: the engine holds as much as it can.
        DeadlineExceededError: there was not enough time.
        ModelError: the model is damaged.
    """
    generation = Generation(params.seed)
    async with aclosing(engine.stream(prompt, params, deadline)) as chunks:
        async for chunk in chunks:
            generation.add(chunk)
            if most_tokens is not None and len(generation.token_ids) >= most_tokens:
                break
    return generation


async def generate_all(
    engine: Engine, prompt: Prompt, params: SamplingParams, seeds: Iterable[int], deadline: float
) -> list[Generation]:
    """Generate for several seeds at once; if one fails, or the caller is cancelled, all end.

    Raises:
        EngineBusyError: as ``generate``, and so on.
    """
    tasks = [asyncio.create_task(generate(engine, prompt, replace(params, seed=seed), deadline)) for seed in seeds]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def choose(candidates: Iterable[Generation], tokenizer: Tokenizer) -> Generation:
    """Return the candidate with the highest mean log-probability; one without text loses to any with some.

    Args:
        candidates: one at least.
        tokenizer: of the model that made them.
    """

    def rank(candidate: Generation) -> tuple[bool, float]:
        mean = mean_logprob(candidate.logprobs)
        return bool(candidate.text(tokenizer)), -math.inf if mean is None else mean

    return max(candidates, key=rank)

"""What tests do with an engine: have it finish an answer, and look at the tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing

from supportbot.engine.base import Chunk, Engine, SamplingParams
from supportbot.engine.prompt import Prompt


async def collect(engine: Engine, prompt: Prompt, params: SamplingParams, seconds: float = 60.0) -> list[Chunk]:
    """Return all chunks of one generation."""
    async with aclosing(engine.stream(prompt, params, time.monotonic() + seconds)) as chunks:
        return [chunk async for chunk in chunks]


async def collect_all(
    engine: Engine, requests: Iterable[tuple[Prompt, SamplingParams]], at_once: int | None = None
) -> list[list[Chunk]]:
    """Return the chunks of many generations, so many at once (the engine's capacity unless told)."""
    room = asyncio.Semaphore(at_once or engine.capacity)

    async def one(prompt: Prompt, params: SamplingParams) -> list[Chunk]:
        async with room:
            return await collect(engine, prompt, params)

    return await asyncio.gather(*(one(prompt, params) for prompt, params in requests))


def tokens_of(chunks: Iterable[Chunk]) -> list[int]:
    """Return the token ids of a generation."""
    return [token for chunk in chunks for token in chunk.token_ids]


def logprobs_of(chunks: Iterable[Chunk]) -> list[float]:
    """Return the log-probabilities of a generation."""
    return [logprob for chunk in chunks for logprob in chunk.logprobs]


def text_of(chunks: Iterable[Chunk]) -> str:
    """Return the text of a generation."""
    return "".join(chunk.text for chunk in chunks)

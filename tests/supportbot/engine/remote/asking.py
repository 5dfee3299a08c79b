"""What the tests of the remote engine ask, and how they wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from supportbot.engine.base import Chunk, Engine, SamplingParams
from supportbot.engine.prompt import encode_prompt
from supportbot.engine.remote.engine import RemoteEngine
from tests.supportbot.engine import collecting

QUESTIONS = [f"Where is order {number}? {'please ' * (number % 7)}" for number in range(8)]
GREEDY = SamplingParams(do_sample=False, max_length=80)
SHORT = SamplingParams(do_sample=False, max_length=50)

Open = Callable[..., RemoteEngine]


async def collect(
    engine: Engine, question: str = "Where is my order?", params: SamplingParams = SHORT, seconds: float = 120
) -> list[Chunk]:
    """Return all chunks of one generation."""
    return await collecting.collect(engine, encode_prompt(engine.tokenizer, question), params, seconds)


async def collect_all(engine: Engine) -> list[list[Chunk]]:
    """Return the answers to all questions, asked at once."""
    return await asyncio.gather(*(collect(engine, question, GREEDY) for question in QUESTIONS))

"""How fast an engine is on this machine, in a second or two: for an operator who wants to know before users do.

It does not judge quality and is no benchmark: one short measurement beside whatever else runs. It generates new
answers; known ones may be faster (``Engine.expect``).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from statistics import median

from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.prompt import encode_prompt

AT_ONCE = 8
"""Requests of the second part of the measurement."""

_QUESTION = "Where is my order?"
_TOKENS = 64
_ALONE = 3
"""Answers of the first part: one could end after a token."""

_TEMPERATURE = 100.0
"""Then all tokens that top-k leaves are equally likely, so no answer repeats an earlier one."""

_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Tokens a second of one request ``alone`` and of ``AT_ONCE`` ``together``; seconds to the ``first_token``."""

    alone: float
    together: float
    first_token: float


async def measure_speed(engine: Engine) -> Speed:
    """Measure a few short answers.

    Raises:
        DeadlineExceededError: the engine takes longer than a minute for one of them.
        ModelError: the model is damaged.
    """
    await _ask(engine, seed=0)  # what is loaded lazily is loaded now
    began = time.monotonic()
    answers = [await _ask(engine, seed=1 + number) for number in range(_ALONE)]
    alone = sum(tokens for tokens, _ in answers) / (time.monotonic() - began)
    first_token = median(first for _, first in answers)
    began = time.monotonic()
    answers = await asyncio.gather(*(_ask(engine, seed=1 + _ALONE + number) for number in range(AT_ONCE)))
    together = sum(tokens for tokens, _ in answers) / (time.monotonic() - began)
    return Speed(alone=alone, together=together, first_token=first_token)


async def _ask(engine: Engine, seed: int) -> tuple[int, float]:
    """Return the tokens of an answer and the seconds to the first of them."""
    prompt = encode_prompt(engine.tokenizer, _QUESTION)
    params = SamplingParams(
        max_length=len(prompt.token_ids) + _TOKENS, temperature=_TEMPERATURE, repetition_penalty=1.0, seed=seed
    )
    began = time.monotonic()
    tokens, first = 0, None
    async with aclosing(engine.stream(prompt, params, began + _SECONDS)) as chunks:
        async for chunk in chunks:
            tokens += len(chunk.token_ids)
            first = time.monotonic() - began if first is None else first
    return tokens, first or 0.0

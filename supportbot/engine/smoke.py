"""A short generation that shows whether a loaded model works at all: weights that look well may still overflow.

It does not judge answers.
"""

from __future__ import annotations

import math
import time
from contextlib import aclosing

from supportbot.engine.base import Engine, FinishReason, SamplingParams
from supportbot.engine.prompt import encode_prompt
from supportbot.errors import DeadlineExceededError, ModelError

_QUESTION = "Where is my order?"

_TOKENS = 16
"""Twice as many as the confidence needs: enough to use the cache, and done in a moment."""

_SECONDS = 30.0
"""A model that takes longer for these few tokens would keep everybody waiting."""


async def smoke(engine: Engine) -> None:
    """Have a model generate a few tokens.

    Raises:
        ModelError: it fails, takes too long, or gives log-probabilities that are not numbers.
    """
    prompt = encode_prompt(engine.tokenizer, _QUESTION)
    params = SamplingParams(max_length=len(prompt.token_ids) + _TOKENS, do_sample=False)
    finish: FinishReason | None = None
    try:
        async with aclosing(engine.stream(prompt, params, time.monotonic() + _SECONDS)) as chunks:
            async for chunk in chunks:
                finish = chunk.finish
                if not all(math.isfinite(logprob) and logprob <= 0 for logprob in chunk.logprobs):
                    raise ModelError(f"'{engine.model_version}' gives probabilities that are none.")
    except DeadlineExceededError:
        raise ModelError(f"'{engine.model_version}' took over {_SECONDS:g} s for {_TOKENS} tokens.") from None
    if finish is None:
        raise ModelError(f"'{engine.model_version}' ended without an end.")

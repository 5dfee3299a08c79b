"""A short generation that shows whether a loaded model works at all: weights that look well may still overflow.

It says nothing of how good the model is.
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
"""Twice as many as the confidence needs: enough for the cache to be used, and done in a moment."""

_SECONDS = 30.0
"""A model that takes longer for these few tokens would let every asker wait in vain."""


async def smoke(engine: Engine) -> None:
    """Ask a model something small.

    Raises:
        ModelError: it fails, takes for ever, or is sure of things that are no probabilities.
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

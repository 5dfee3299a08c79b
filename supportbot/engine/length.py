"""How long an answer may become: the requested length, and the model's positions."""

from __future__ import annotations

from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.errors import ModelError


def answer_limit(prompt: Prompt, params: SamplingParams, positions: int) -> int:
    """Return how many tokens prompt and answer may have together.

    Args:
        prompt: the tokens to be continued.
        params: with the length that was asked for.
        positions: of the model; beyond them some libraries silently compute nonsense.

    Raises:
        ValueError: the prompt is empty, or leaves no room for an answer within ``params.max_length``.
        ModelError: the prompt leaves no room for an answer within the model.
    """
    size = len(prompt.token_ids)
    if not 0 < size < params.max_length:
        raise ValueError(f"A prompt must have 1 to {params.max_length - 1} tokens, this one has {size}.")
    if size >= positions:
        raise ModelError(
            f"The model has places for {positions} tokens, and this question takes {size}: ask a shorter one."
        )
    return min(params.max_length, positions)

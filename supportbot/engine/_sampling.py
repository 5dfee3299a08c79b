"""One decoding step for a batch of requests, each with its own random numbers.

The logits go through transformers' own processors in the order of ``generate()``: repetition penalty,
temperature, top-k, top-p. Only the draw is ours, because ``generate()`` has one random state for a whole batch
and an answer must not depend on its neighbours: each row draws from its own seeded generator by inverting the
cumulative distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from supportbot.engine.base import SamplingParams


def build_processors(params: SamplingParams) -> LogitsProcessorList:
    """Return what ``generate()`` applies to the logits for these parameters, in its order."""
    processors = LogitsProcessorList()
    if params.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(params.repetition_penalty))
    if params.do_sample:
        if params.temperature != 1.0:
            processors.append(TemperatureLogitsWarper(params.temperature))
        if params.top_k:
            processors.append(TopKLogitsWarper(params.top_k))
        if params.top_p < 1.0:
            processors.append(TopPLogitsWarper(params.top_p))
    return processors


def draw(scores: torch.Tensor, uniforms: Sequence[float]) -> torch.Tensor:
    """Draw one token a row.

    Args:
        scores: ``[B, V]`` processed logits, minus infinity for tokens that must not come.
        uniforms: B numbers in [0, 1).

    Returns:
        ``[B]`` token ids.
    """
    # float64: over 50,000 tokens the cumulative sum of float32 would move borders by more than a rare token.
    cumulative = torch.softmax(scores.double(), dim=-1).cumsum(dim=-1)
    total = cumulative[:, -1:]
    points = torch.tensor(uniforms, dtype=torch.float64, device=scores.device).unsqueeze(1) * total
    # Below the total, a token of probability 0 can never be the first whose cumulative sum exceeds the point.
    points = torch.minimum(points, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, points, right=True).squeeze(1)


def token_logprobs(logits: torch.Tensor, tokens: torch.Tensor) -> list[float]:
    """Return the log-probabilities of ``tokens`` ``[B]`` under raw ``logits`` ``[B, V]``, in nats."""
    chosen = logits.gather(1, tokens.unsqueeze(1)).squeeze(1)
    # Rounding can lift a certain token a little above 0; clamp keeps NaN, which Python's min() would hide.
    values: list[float] = (chosen - logits.logsumexp(dim=-1)).clamp(max=0.0).tolist()
    return values


def are_finite(values: Sequence[float]) -> bool:
    """Return whether all of the log-probabilities are numbers: NaN weights or an overflow show here first."""
    return all(math.isfinite(value) for value in values)

"""One decoding step for a batch of requests, each with its own random numbers.

The logits become scores in the order of ``generate()``: repetition penalty, temperature, top-k, top-p. The draw is
ours, because ``generate()`` has one random state for a whole batch, and an answer must not depend on its
neighbours. Each row draws from its own seeded generator by inverting the cumulative distribution.

Top-k leaves some 50 of 50,257 tokens. Only these are copied to the host, once a step, and top-p and the draw see
no others: a sort and a sum in float64 over the whole vocabulary took longer than the model itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from supportbot.engine.base import SamplingParams

_SPARE = 50
"""Spare places beside those of top-k, which also keeps tokens that tie with its last one. fp16 logits are 1/32 or
1/16 apart, so a few ties are usual; with more ties, the whole vocabulary is searched."""


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """The next token of each of B rows, on the host.

    Attributes:
        token_ids: B ids.
        logprobs: for each its natural log-probability under the model itself, at most 0, or NaN.
    """

    token_ids: list[int]
    logprobs: list[float]


class Sampler:
    """Chooses the next tokens of rows that share their parameters.

    Args:
        params: all but length and seed, which are each row's own.
    """

    def __init__(self, params: SamplingParams) -> None:
        self._params = params
        self._before_top_k = build_processors(replace(params, top_k=0, top_p=1.0))
        self._from_top_k = build_processors(replace(params, repetition_penalty=1.0, temperature=1.0))
        self._after_top_k = build_processors(replace(params, repetition_penalty=1.0, temperature=1.0, top_k=0))

    def choose(self, logits: torch.Tensor, history: torch.Tensor, uniforms: Sequence[float]) -> Chosen:
        """Choose one token a row.

        Args:
            logits: ``[B, V]``, as the model gave them.
            history: ``[B, T]`` tokens so far; how often one is repeated makes no difference.
            uniforms: B numbers in [0, 1), used if tokens are drawn.
        """
        logits = logits.float()
        scores = self._before_top_k(cast(torch.LongTensor, history), cast(torch.FloatTensor, logits))
        if not self._params.do_sample:
            return _read(logits, scores.argmax(dim=-1))
        if not 0 < self._params.top_k < scores.shape[1] - _SPARE:
            return self._choose_among_all(logits, scores, uniforms)
        chosen, crowded = self._choose_among_few(logits, scores, uniforms)
        if crowded:
            # Only these rows: a row must not depend on what else is in the batch.
            instead = self._choose_among_all(logits[crowded], scores[crowded], [uniforms[row] for row in crowded])
            for row, token_id, logprob in zip(crowded, instead.token_ids, instead.logprobs, strict=True):
                chosen.token_ids[row], chosen.logprobs[row] = token_id, logprob
        return chosen

    def _choose_among_few(
        self, logits: torch.Tensor, scores: torch.Tensor, uniforms: Sequence[float]
    ) -> tuple[Chosen, list[int]]:
        """Return what ``_choose_among_all`` would, and the rows in which too many tokens tie for that."""
        best = scores.topk(self._params.top_k + _SPARE)
        sums = logits.logsumexp(dim=-1, keepdim=True)
        # One copy to the host for all of it, in float32, which holds every id below 2^24 exactly.
        few = torch.cat([best.values, best.indices.float(), logits.gather(1, best.indices), sums], dim=1).cpu()
        values, places, raw = few[:, :-1].chunk(3, dim=1)
        kept = values >= values[:, self._params.top_k - 1].unsqueeze(1)
        # In the order of their ids, since that is the order of the cumulative distribution.
        ids, order = places.long().sort(dim=1)
        values = values.masked_fill(~kept, -math.inf).gather(1, order)
        values = self._after_top_k(cast(torch.LongTensor, ids), cast(torch.FloatTensor, values))
        drawn = draw(values, uniforms).unsqueeze(1)
        logprobs = (raw.gather(1, order).gather(1, drawn) - few[:, -1:]).clamp(max=0.0)
        crowded = [row for row, is_kept in enumerate(kept[:, -1].tolist()) if is_kept]
        return Chosen(ids.gather(1, drawn).squeeze(1).tolist(), logprobs.squeeze(1).tolist()), crowded

    def _choose_among_all(self, logits: torch.Tensor, scores: torch.Tensor, uniforms: Sequence[float]) -> Chosen:
        # These two processors use scores alone; their signature asks for the history.
        history = cast(torch.LongTensor, scores.new_zeros((len(scores), 1), dtype=torch.long))
        return _read(logits, draw(self._from_top_k(history, cast(torch.FloatTensor, scores)), uniforms))


def draw(scores: torch.Tensor, uniforms: Sequence[float]) -> torch.Tensor:
    """Draw one token a row.

    Args:
        scores: ``[B, V]`` processed logits, minus infinity for tokens that must not come.
        uniforms: B numbers in [0, 1).

    Returns:
        ``[B]`` token ids; any ids where scores are NaN, which the caller notices by the log-probabilities.
    """
    # float64: over 50,000 tokens the cumulative sum of float32 would move borders by more than a rare token.
    cumulative = torch.softmax(scores.double(), dim=-1).cumsum(dim=-1)
    total = cumulative[:, -1:]
    points = torch.tensor(uniforms, dtype=torch.float64, device=scores.device).unsqueeze(1) * total
    # Below the total, a token of probability 0 can never be the first whose cumulative sum exceeds the point.
    points = torch.minimum(points, torch.nextafter(total, torch.zeros_like(total)))
    # NaN exceeds nothing: without the clamp it would give an id beyond the last one.
    return torch.searchsorted(cumulative, points, right=True).squeeze(1).clamp(max=scores.shape[1] - 1)


def token_logprobs(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the log-probabilities ``[B]`` of ``tokens`` ``[B]`` under raw ``logits`` ``[B, V]``, in nats."""
    chosen = logits.gather(1, tokens.unsqueeze(1)).squeeze(1)
    # Rounding can lift the log-probability of a certain token above 0; clamp keeps NaN, which min() would hide.
    return (chosen - logits.logsumexp(dim=-1)).clamp(max=0.0)


def _read(logits: torch.Tensor, tokens: torch.Tensor) -> Chosen:
    # One copy to the host, as above.
    token_ids, logprobs = torch.stack([tokens.float(), token_logprobs(logits, tokens)]).tolist()
    return Chosen([int(token_id) for token_id in token_ids], logprobs)


def are_finite(values: Sequence[float]) -> bool:
    """Return whether all of the log-probabilities are numbers: NaN weights or an overflow show here first."""
    return all(math.isfinite(value) for value in values)

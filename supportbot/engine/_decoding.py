"""Decoding a batch with a cache that grows: every step has a shape of its own, and ended rows leave at once.

This suits a CPU, where a new shape costs nothing; ``_static`` suits a GPU. Both share the first pass over the
prompts and the protocol of a decoder, which are here. Neither knows of queues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from transformers import DynamicCache, PreTrainedModel

from supportbot.engine._request import Request
from supportbot.engine._sampling import Chosen, Sampler, are_finite
from supportbot.errors import ModelError


class Decoder(Protocol):
    """A way to decode."""

    def decode(self, rows: list[Request], more: Callable[[int], list[Request]]) -> None:
        """Decode requests to their ends, posting each one's tokens as they come.

        Args:
            rows: at least one, all with the same ``batch_key``.
            more: takes up to so many waiting requests with that key; a decoder that lets requests join calls it.

        Raises:
            ModelError: the model's output is not a number.
        """


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Prompts of B rows that went through the model, padded on the left to a width of T.

    Attributes:
        logits: ``[B, V]`` of the token after the prompt.
        input_ids: ``[B, T]``. Padding repeats the row's own first token: the repetition penalty counts every
            token of the history, so any other padding (end-of-text is usual) would make that token less likely
            in padded rows only.
        mask: ``[B, T]``, 1 where there is a token and 0 where there is padding.
        cache: keys and values of all T columns.
    """

    logits: torch.Tensor
    input_ids: torch.Tensor
    mask: torch.Tensor
    cache: DynamicCache


def prefill(model: PreTrainedModel, prompts: Sequence[tuple[int, ...]]) -> Prefilled:
    """Run prompts through a model."""
    width = max(map(len, prompts))
    ids = torch.tensor([[prompt[0]] * (width - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    ids, mask = ids.to(model.device), mask.to(model.device)
    cache = DynamicCache(config=model.config)
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return Prefilled(output.logits[:, -1], ids, mask, cache)


def choose_tokens(
    sampler: Sampler, rows: Sequence[Request], logits: torch.Tensor, history: torch.Tensor
) -> Chosen:
    """Draw each row's next token with the row's own random number.

    Raises:
        ModelError: the model's output is not a number.
    """
    chosen = sampler.choose(logits, history, [row.random.random() for row in rows])
    if not are_finite(chosen.logprobs):
        raise ModelError("The model's output is not a number: its weights are damaged or overflow.")
    return chosen


def advance(rows: Sequence[Request], chosen: Chosen) -> list[int]:
    """Give each row its token; return the indices of the rows that continue."""
    tokens = zip(rows, chosen.token_ids, chosen.logprobs, strict=True)
    return [index for index, (row, token, logprob) in enumerate(tokens) if row.advance(token, logprob)]


class DynamicDecoder:
    """Decodes with a cache that grows by a column a step; see ``Decoder``."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    @torch.inference_mode()
    def decode(self, rows: list[Request], more: Callable[[int], list[Request]]) -> None:
        """Decode requests to their ends; none can join, because all rows share their last column."""
        sampler = Sampler(rows[0].params)
        prefilled = prefill(self._model, [row.prompt_ids for row in rows])
        logits, history, mask, cache = prefilled.logits, prefilled.input_ids, prefilled.mask, prefilled.cache
        while True:
            chosen = choose_tokens(sampler, rows, logits, history)
            running = advance(rows, chosen)
            if not running:
                return
            tokens = torch.tensor([[chosen.token_ids[index]] for index in running], device=mask.device)
            if len(running) < len(rows):
                keep = torch.tensor(running, device=mask.device)
                rows = [rows[index] for index in running]
                mask, history = mask[keep], history[keep]
                cache.batch_select_indices(keep)
            history = torch.cat([history, tokens], dim=1)
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            output = self._model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=mask.sum(dim=1, keepdim=True) - 1,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits = output.logits[:, -1]

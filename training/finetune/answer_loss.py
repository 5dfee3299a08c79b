"""Projects onto the vocabulary only where there is something to learn: other logits do not count in the loss.

With GPT-2 the projection onto 50,257 tokens is a third of all arithmetic, and about half of all positions are
prompt or padding. Two hooks and a loss do it inside the model's own ``forward``, so that all wrappers of the model
(autocast, DDP, FSDP, the documented ``Trainer``) work as usual, and none of it is saved.

The loss is the sum over the labelled tokens, divided by their number in the whole step, on all devices and all
accumulated batches: it does not depend on how a step is split.

This module knows no data and no trainer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from training.dataset import IGNORED


class AnswerLoss:
    """Attached to one model; see the module."""

    def __init__(self) -> None:
        self._counted: torch.Tensor | None = None

    @classmethod
    def attach(cls, model: PreTrainedModel) -> None:
        """Give a model this loss; a model without a separate projection keeps its own."""
        projection = model.get_output_embeddings()
        if projection is None:
            return
        loss = cls()
        model.register_forward_pre_hook(loss._before_model, with_kwargs=True)
        projection.register_forward_pre_hook(loss._before_projection)
        model.loss_function = loss._loss

    def _before_model(self, model: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        labels = kwargs.get("labels")
        # The logits at a token predict the next one, so a label counts at its predecessor.
        self._counted = None if labels is None else labels[:, 1:] != IGNORED

    def _before_projection(self, module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> Any:
        """Return only the hidden states of counted positions, ``[N, H]`` of ``[B, T, H]``."""
        if self._counted is None:
            return None
        return (args[0][:, :-1][self._counted],)

    def _loss(
        self,
        logits: torch.Tensor,
        labels: torch.Tensor,
        vocab_size: int,
        num_items_in_batch: torch.Tensor | int | None = None,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Return the cross-entropy of the counted tokens.

        Args:
            logits: ``[N, V]``.
            labels: ``[B, T]``, of which N count.
            vocab_size: V; models pass it, but the logits show it.
            num_items_in_batch: labelled tokens of the whole step; None: those of this batch.
            kwargs: other arguments that models pass to a loss; unused.
        """
        wanted = labels[:, 1:]
        wanted = wanted[wanted != IGNORED]
        total = functional.cross_entropy(logits.float(), wanted, reduction="sum")
        return total / (wanted.numel() if num_items_in_batch is None else num_items_in_batch)

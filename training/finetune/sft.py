"""Supervised fine-tuning on approved answers: the documented run.

This module knows no loss and no tokens: those are in ``trainer`` and ``data``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import Trainer

from training.finetune.report import Figures
from training.finetune.run import Run
from training.finetune.session import Ready
from training.finetune.trainer import build_fine_tuner
from training.speed import keep_freed_memory


class Answers:
    """The method that learns answers."""

    def build_trainer(self, ready: Ready) -> Trainer:
        """Return the documented trainer."""
        keep_freed_memory()
        return build_fine_tuner(
            ready.run,
            ready.model,
            int(ready.tokenizer.pad_token_id),
            ready.prepared.train,
            ready.prepared.held_out,
            ready.callbacks,
            taken=ready.prepared.counts.taken,
        )

    def report(self, run: Run, figures: Figures, log: list[dict[str, Any]]) -> tuple[Figures, Mapping[str, Any]]:
        """Return the figures unchanged: the loss is enough."""
        return figures, {}

"""The two compared pipelines: the plain documented one, and that of ``training.finetune``.

Both are a ``Trainer`` with the same arguments, rows, initial weights and objective, so only the way to the same
steps differs. The plain one pads every row to a fixed length, takes rows in random order, computes all logits, and
on a CPU computes in fp32, where the documented fp16 would too.

This module knows nothing of timing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, PrinterCallback, Trainer, TrainerCallback, set_seed

from benchmarks.model import build_model
from supportbot.config import Settings
from training.dataset import IGNORED, PaddingCollator, Row
from training.finetune.arguments import parse_run
from training.finetune.machine import Machine
from training.finetune.run import Run
from training.finetune.trainer import build_fine_tuner
from training.speed import keep_freed_memory

Pipeline = Literal["plain", "ours"]

FIXED_LENGTH = 256
"""Tokens that the plain pipeline pads every row to."""


@dataclass(frozen=True, slots=True)
class FixedCollator:
    """Pads every row on the right to the same length."""

    pad_id: int

    def __call__(self, rows: list[Row]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, each ``[B, 256]``."""
        widest: Row = {"input_ids": [self.pad_id] * FIXED_LENGTH, "labels": [IGNORED] * FIXED_LENGTH}
        batch = PaddingCollator(self.pad_id)([*rows, widest])
        return {name: tensor[:-1] for name, tensor in batch.items()}


def parse_pipeline(pipeline: Pipeline, data: Path, output_dir: Path, seed: int) -> Run:
    """Return the documented run on a file, for ``python -m training.finetune`` or for the plain pipeline."""
    flags = ["--data", str(data), "--output-dir", str(output_dir), "--seed", str(seed)]
    # Every loss is logged; nothing is evaluated or saved during the timing.
    flags += ["--logging_steps", "1", "--eval_strategy", "no", "--save_strategy", "no"]
    if pipeline == "plain":
        flags += ["--train_sampling_strategy", "random"]
        flags += [] if torch.cuda.is_available() else ["--bf16", "False"]
    return parse_run(flags, Settings(home=output_dir.parent), Machine.here())


def build_trainer(
    pipeline: Pipeline,
    run: Run,
    rows: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    callbacks: list[TrainerCallback],
    *,
    quick: bool,
) -> Trainer:
    """Return a pipeline that is ready to train on rows."""
    model = build_model(len(tokenizer), tiny=quick)
    set_seed(run.arguments.seed)
    pad_id = int(tokenizer.pad_token_id)
    if pipeline == "ours":
        keep_freed_memory()
        return build_fine_tuner(run, model, pad_id, rows, None, callbacks)
    trainer = Trainer(
        model=model,
        args=run.arguments,
        train_dataset=rows,
        data_collator=FixedCollator(pad_id),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for the figures
    return trainer

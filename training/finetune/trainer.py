"""Trainer with an order of rows that depends on the seed and the epoch only.

Trainer's own order depends on earlier draws from the global generator, on the number of processes and, in a second
epoch, on the first: a resumed run would see other rows than those that remained. Here the order is the same for
any number of processes with the same micro-batch, and after any resume.

This module knows no files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch.utils.data import Sampler
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from training.dataset import PackingCollator, PaddingCollator
from training.finetune.answer_loss import AnswerLoss
from training.finetune.run import Run
from training.speed import fuse_activations


class EpochSampler(Sampler[int]):
    """Rows of similar length next to each other, shuffled by seed and epoch.

    Only the rows of one micro-batch have similar lengths, and micro-batches come in random order, so a step of the
    optimizer sees rows as mixed as without grouping. With whole steps of similar length, from the longest to the
    shortest, the loss after 20 steps was 0.1 above that of random order.

    Args:
        lengths: of the rows, in tokens.
        batch: rows of a micro-batch.
        seed: of the run.
        taken: rows that belong to every epoch; those after them are divided among ``epochs``.
        epochs: their number, at least one; a later one starts again.
    """

    def __init__(
        self, lengths: list[int], batch: int, seed: int, *, taken: int | None = None, epochs: int = 1
    ) -> None:
        self._lengths = lengths
        self._batch = batch
        self._seed = seed
        self._taken = len(lengths) if taken is None else taken
        self._epochs = epochs
        self._others = (len(lengths) - self._taken) // epochs
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._taken + self._others

    def __iter__(self) -> Iterator[int]:
        """Return the order of the epoch."""
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        first = self._taken + self._epoch % self._epochs * self._others
        rows = [*range(self._taken), *range(first, first + self._others)]
        # The others are short. Together they would fill whole batches, which weigh as much as any.
        stand_ins = torch.randint(self._taken, (self._others,), generator=generator)
        lengths = self._lengths[: self._taken] + [self._lengths[row] for row in stand_ins]
        places = list(LengthGroupedSampler(self._batch, lengths=lengths, generator=generator))
        whole = len(places) // self._batch
        # The remainder stays last: in the middle it would shift all micro-batches after it.
        for batch in (*torch.randperm(whole, generator=generator).tolist(), whole):
            for place in places[batch * self._batch : (batch + 1) * self._batch]:
                yield rows[place]


class FineTuner(Trainer):
    """Trainer, with ``EpochSampler`` for ``train_sampling_strategy="group_by_length"``.

    Args:
        taken: rows that belong to every epoch, see ``EpochSampler``.
        epochs: likewise.
        **arguments: of ``Trainer``.
    """

    def __init__(self, *, taken: int | None = None, epochs: int = 1, **arguments: Any) -> None:
        self._taken = taken
        self._epochs = epochs
        super().__init__(**arguments)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int] | None:
        # The documented place to give Trainer another sampler.
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        if self.args.train_sampling_strategy != "group_by_length":
            sampler: Sampler[int] | None = super()._get_train_sampler(train_dataset)
            return sampler
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        ordered = EpochSampler(
            list(dataset[self.args.length_column_name]),
            self.args.train_batch_size,
            seed,
            taken=self._taken,
            epochs=self._epochs,
        )
        self.add_callback(_EpochCallback(ordered))
        return ordered


def build_fine_tuner(
    run: Run,
    model: PreTrainedModel,
    pad_id: int,
    train: Dataset,
    held_out: Dataset | None,
    callbacks: Sequence[TrainerCallback],
    *,
    taken: int | None = None,
) -> FineTuner:
    """Return a trainer for prepared rows; changes the model in ways that affect only the speed.

    Args:
        run: with its options.
        model: in fp32.
        pad_id: fills up short rows.
        train: rows with ``input_ids``, ``labels`` and ``length``.
        held_out: rows to evaluate on, if there are any.
        callbacks: such as a progress bar.
        taken: rows that belong to every epoch; those after them are divided among the epochs.
    """
    fuse_activations(model)
    if run.arguments.label_smoothing_factor == 0:  # smoothing wants all logits
        AnswerLoss.attach(model)
    if held_out is None:
        run.arguments.set_evaluate(strategy="no")
    trainer = FineTuner(
        model=model,
        args=run.arguments,
        train_dataset=train,
        eval_dataset=held_out,
        data_collator=PackingCollator() if run.packing else PaddingCollator(pad_id),
        callbacks=list(callbacks),
        taken=taken,
        epochs=run.epochs,
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for the result
    return trainer


class _EpochCallback(TrainerCallback):
    """Sets the sampler's epoch: accelerate does not reach it behind the batches that a resume skips."""

    def __init__(self, sampler: EpochSampler) -> None:
        self._sampler = sampler

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Pass it on."""
        self._sampler.set_epoch(int(state.epoch or 0))

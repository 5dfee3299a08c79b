"""TRL's trainer for learning from votes, on our rows: tokens as serving sees them, and nothing sent anywhere.

TRL would tokenise prompt and completion in one piece, and a user's ``<|endoftext|>`` as the real token. It gets
our tokens instead, those of ``supportbot.engine.prompt``. It also writes no model card and does not report its use
over the network.

TRL is an optional extra, so check for it before importing this module. The module knows no source of rows, and no
file except the arguments of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference, KTOTrainer

from training.dataset import IGNORED
from training.finetune.arguments import ARGUMENTS_BIN
from training.finetune.base import load_base
from training.finetune.data import Prepared
from training.finetune.run import Run

BETA = 0.1
"""How closely the model stays to its base: TRL's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The numbers of training rows of each kind, and their weights.

    The KTO paper (https://arxiv.org/abs/2402.01306, Eq. 8) wants ``good_weight * good : bad_weight * bad`` between
    1:1 and 4:3. Here it is 1:1, with lighter rows on the larger side; heavier rows on the smaller side would only
    hit the limit on the gradient.
    """

    good: int
    bad: int

    @classmethod
    def of(cls, rows: Dataset) -> Votes:
        """Count the good and the bad rows."""
        good = sum(sum(batch["good"]) for batch in rows.select_columns("good").iter(10_000))
        return cls(good=good, bad=len(rows) - good)

    @property
    def good_weight(self) -> float:
        """Weight of the loss of a good row, at most 1."""
        return min(1.0, self.bad / self.good)

    @property
    def bad_weight(self) -> float:
        """Weight of the loss of a bad row, at most 1."""
        return min(1.0, self.good / self.bad)


class MismatchingCollator:
    """Pads a batch, and pairs every prompt with the completion of the row before it as well.

    Those pairs estimate how far the model has moved from its base overall (the paper, section 4.1). TRL makes them
    when it prepares the data; here they always come from the batch that is judged.

    Args:
        pad_id: fills ids; neither attended to nor counted.
    """

    def __init__(self, pad_id: int) -> None:
        self._pad = DataCollatorForUnpairedPreference(pad_id)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the ids and masks of both pairings, each ``[B, T]``, and the labels, ``[B]``."""
        # The loss counts the completion, so the labels show where it begins.
        borders = [row["labels"].count(IGNORED) for row in rows]
        completions = [row["input_ids"][border:] for row, border in zip(rows, borders, strict=True)]
        others = [completions[-1], *completions[:-1]]
        batch: dict[str, Any] = self._pad(
            [
                {
                    "prompt_ids": row["input_ids"][:border],
                    "completion_ids": completion,
                    "KL_completion_ids": other,
                    "label": row["good"],
                }
                for row, border, completion, other in zip(rows, borders, completions, others, strict=True)
            ]
        )
        return batch


class VoteTrainer(KTOTrainer):
    """TRL's trainer without its preparation of texts.

    Args:
        saved: the arguments saved with a checkpoint: readers of a run know these, and not TRL's.
        kwargs: of TRL's trainer; its data sets have our rows, which the collator splits.
    """

    def __init__(self, *, saved: TrainingArguments, **kwargs: Any) -> None:
        self._saved = saved
        super().__init__(**kwargs)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Leave the card to the report."""

    def _prepare_dataset(self, dataset: Dataset, *args: Any) -> Dataset:
        return dataset  # our tokens, as they are

    def _send_telemetry(self) -> None:
        """Report nothing: an installation's trainings are private."""

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        super()._save(output_dir, state_dict)
        if self.args.should_save:
            torch.save(self._saved, Path(output_dir or str(self.args.output_dir)) / ARGUMENTS_BIN)


def build_trainer(
    run: Run,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prepared: Prepared,
    votes: Votes,
    callbacks: list[TrainerCallback],
) -> VoteTrainer:
    """Return the trainer of a run, with a second, frozen copy of the base as the reference.

    Raises:
        ModelError: the base is not usable.
    """
    arguments = run.arguments
    if prepared.held_out is None:
        arguments.set_evaluate(strategy="no")
    trainer = VoteTrainer(
        saved=arguments,
        model=model,
        # A pass over the rows before would save this memory, but costs as much time as it saves in one epoch.
        ref_model=load_base(run.location, tokenizer, run.max_length),
        args=_configure(arguments, votes),
        # Once for all epochs, and the same in all processes: TRL reads in a fixed order.
        train_dataset=prepared.train.shuffle(
            seed=arguments.seed if arguments.data_seed is None else arguments.data_seed, keep_in_memory=True
        ),
        eval_dataset=prepared.held_out,
        data_collator=MismatchingCollator(int(tokenizer.pad_token_id)),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for the result
    return trainer


def _configure(arguments: TrainingArguments, votes: Votes) -> KTOConfig:
    """Return the same arguments as TRL's, which has other defaults for some of them."""
    values = {field.name: getattr(arguments, field.name) for field in fields(TrainingArguments) if field.init}
    config = KTOConfig(
        **values,
        beta=BETA,
        desirable_weight=votes.good_weight,
        undesirable_weight=votes.bad_weight,
        max_length=None,  # rows are cut already, as everywhere
    )
    config._n_gpu = arguments.n_gpu  # one process drives one GPU
    return config

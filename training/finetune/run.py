"""One fine-tuning run as requested: the complete input of every method of training.

This module knows no method, no data and no model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transformers import TrainingArguments

from supportbot.config import Settings
from supportbot.db.states import ExampleLabel
from supportbot.engine.precision import Precision

Method = Literal["sft", "kto"]
LossOn = Literal["answer", "all"]
Recipe = Literal["documented", "faq"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value that differs from the documented run, and why."""

    documented: object
    effective: object
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, with everything resolved.

    Attributes:
        recipe: fine-tune a base as documented, or make a model of the answers alone (``faq``).
        base_model: the name of the base: a version of the registry, a directory or a hub id; empty if there is
            none.
        location: where to load it from.
        output_dir: the resulting model directory; the same as ``arguments.output_dir``.
        method: learn from answers (``sft``) or judgements (``kto``).
        arguments: every effective value.
        differences: documented values that this run changes, by name.
        precision: of the arithmetic, and why.
        data: a file of ``question,answer`` rows, or None for the approved rows of the database.
        loss_on: whether the loss counts the answer or every token.
        packing: join the rows of a batch end to end instead of padding them.
        max_length: tokens of a row at most.
        doubt_share: rows that keep the model unsure of out-of-scope questions, as a share of the others.
        resume: continue from the newest usable checkpoint.
        dry_run: show what would be done, and do nothing.
        as_json: print the result as one line of JSON.
        progress: a file for a program that follows the progress, see ``training.lines``.
        settings: of this installation.
    """

    recipe: Recipe = "documented"
    base_model: str
    location: str
    output_dir: Path
    method: Method
    arguments: TrainingArguments
    differences: Mapping[str, Difference]
    precision: Precision
    data: Path | None
    loss_on: LossOn
    packing: bool
    max_length: int
    doubt_share: float
    resume: bool
    dry_run: bool
    as_json: bool
    progress: Path | None = None
    settings: Settings

    @property
    def labels(self) -> frozenset[ExampleLabel]:
        """Labels of the rows that the method learns from; with judgements, bad ones teach as well."""
        return frozenset(ExampleLabel) if self.method == "kto" else frozenset({ExampleLabel.GOOD})

    @property
    def epochs(self) -> int:
        """Number of epochs begun; a run limited by steps repeats those of ``num_train_epochs``."""
        return max(1, math.ceil(self.arguments.num_train_epochs))

    @property
    def from_db(self) -> bool:
        """Whether the rows come from the database."""
        return self.data is None

"""The steps that every method of training takes between its rows and its result.

With several processes (``accelerate launch``) all of them train, and only the main one prepares rows, looks into
checkpoints, and writes the model, the report and the database.

This module knows no method: what is learned from what is for ``sft`` and ``kto`` to say.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate.utils import broadcast_object_list
from datasets import Dataset
from rich.console import Console
from transformers import PreTrainedModel, Trainer

from supportbot.bootstrap import open_database
from supportbot.errors import ModelError
from training.finetune.checkpoints import newest_usable
from training.finetune.data import DATA
from training.finetune.records import begin_record, finish_record
from training.finetune.report import Figures, peak_memory_mb
from training.finetune.run import Run
from training.finetune.sources import Counts

Teller = Callable[[str], None]
"""Shows a sentence to whoever started the run."""

_RECORD = "record.json"
_KEPT = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run made."""

    output_dir: Path
    counts: Counts
    figures: Figures


def teller(console: Console, *, main: bool) -> Teller:
    """Return what shows sentences; only the main process speaks."""

    def tell(sentence: str) -> None:
        if main:
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    return tell


def tell_differences(run: Run, tell: Teller) -> None:
    """Say what differs from the documented run, and why."""
    for name, difference in run.differences.items():
        tell(
            f"Differs from the documented run: {name} is {difference.effective} instead of "
            f"{difference.documented}, because {difference.why}."
        )


def tell_rows(found: Counts, used: Counts, tell: Teller) -> None:
    """Say which rows are left out, and whether those of a resumed run are not those of today."""
    if found.fingerprint != used.fingerprint:
        tell("The rows have changed since this run began: it goes on with those that it began with.")
    for reason, rows in used.left_out.items():
        tell(f"Left out: {rows:,} rows, {reason}.")


def choose_checkpoint(run: Run, model: PreTrainedModel, tell: Teller, *, main: bool) -> str | None:
    """Return the newest usable checkpoint if the run is resumed; all processes get the same."""
    if not run.resume:
        return None
    found: list[str | None] = [None]
    if main:
        path = newest_usable(run.output_dir, model, tell)
        tell(f"Resuming from {path.name}." if path else "There is no usable checkpoint: training begins anew.")
        found = [str(path) if path else None]
    chosen: list[str | None] = broadcast_object_list(found)
    return chosen[0]


def train(trainer: Trainer, checkpoint: str | None, run_id: int | None) -> Figures:
    """Train, and measure at the end.

    Raises:
        ModelError: the loss is no number any more.
    """
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=checkpoint)
    seconds = time.monotonic() - started
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    if losses and not math.isfinite(losses[-1]):
        raise ModelError(
            f"The loss was no number any more at step {trainer.state.global_step}: train with a lower "
            "--learning-rate."
        )
    eval_loss = None
    if trainer.eval_dataset is not None:
        # The last step may have been evaluated already, then its figure is the one at the end.
        last = trainer.state.log_history[-2:]
        measured = [
            one["eval_loss"] for one in last if one["step"] == trainer.state.global_step and "eval_loss" in one
        ]
        eval_loss = measured[0] if measured else trainer.evaluate()["eval_loss"]
    tokens = int(trainer.state.num_input_tokens_seen) - int(trainer._initial_num_input_tokens_seen)
    return Figures(
        loss_history=[
            {key: _finite(entry[key]) for key in _KEPT if key in entry}
            for entry in trainer.state.log_history
            if "loss" in entry or "eval_loss" in entry
        ],
        final_loss=losses[-1] if losses else None,
        eval_loss=eval_loss,
        train_seconds=round(seconds, 2),
        tokens_per_second=round(tokens / seconds, 1),
        peak_memory_mb=round(peak_memory_mb(), 1),
        training_run_id=run_id,
    )


def example_ids(rows: Dataset) -> Iterator[int]:
    """Yield the examples that prepared rows were made of; a row of no example has none."""
    for batch in rows.select_columns("example_id").iter(1_000):
        yield from (number for number in batch["example_id"] if number is not None)


async def begin_run_record(run: Run, rows: Dataset, fingerprint: str) -> int:
    """Record in the database that a run began, unless it is resumed and recorded already; return its id."""
    path = run.output_dir / DATA / _RECORD
    if run.resume and path.is_file():
        return int(json.loads(path.read_text("utf-8"))["training_run_id"])
    async with open_database(run.settings) as database:
        run_id = await begin_record(database, run.arguments.to_dict(), fingerprint, example_ids(rows))
    path.write_text(json.dumps({"training_run_id": run_id}), "utf-8")
    return run_id


async def finish_run_record(run: Run, run_id: int, figures: Figures) -> None:
    """Record in the database that a run ended, and how its loss went."""
    async with open_database(run.settings) as database:
        await finish_record(database, run_id, [dict(entry) for entry in figures.loss_history])


def _finite(value: Any) -> Any:
    """JSON knows no infinity, which the gradient of a skipped fp16 step may be."""
    return value if not isinstance(value, float) or math.isfinite(value) else None

"""A run from its rows to its result, the same for every method of training.

With several processes (``accelerate launch``) all of them train, and only the main one prepares rows, checks
checkpoints, and writes the model, the report and the database. Checks run before the training, the cheapest first;
a run that fails there leaves nothing.

This module knows no method; ``sft`` and ``kto`` define them.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from rich.console import Console
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainerCallback

from supportbot.bootstrap import open_database
from supportbot.errors import ModelError
from training.curate import Selection
from training.finetune.base import load_base, load_tokenizer
from training.finetune.checkpoints import newest_usable
from training.finetune.data import DATA, Prepared, find_rows, load_prepared, prepare, remove_prepared
from training.finetune.output import (
    begin_output,
    check_output,
    discard_output,
    finish_output,
    is_fresh,
    mark_finished,
    staged,
)
from training.finetune.progress import show_progress
from training.finetune.records import begin_record, finish_record
from training.finetune.report import Figures, peak_memory_mb, write_report
from training.finetune.run import Run
from training.finetune.smallness import objection
from training.finetune.sources import open_source
from training.finetune.stopping import StopAtSignal

Teller = Callable[[str], None]
"""Shows a sentence to the person who started the run."""

_RECORD = "record.json"
_KEPT = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The parts of a trainer."""

    run: Run
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    prepared: Prepared
    callbacks: list[TrainerCallback]
    tell: Teller


class Method(Protocol):
    """What distinguishes a method of training."""

    def build_trainer(self, ready: Ready) -> Trainer:
        """Return the trainer of the model on the rows."""

    def report(self, run: Run, figures: Figures, log: list[dict[str, Any]]) -> tuple[Figures, Mapping[str, Any]]:
        """Return the figures and the summary from the trainer's log; writes the method's own files."""


def fine_tune(run: Run, method: Method, console: Console) -> dict[str, Any]:
    """Fine-tune a model; return the run's summary.

    Raises:
        ConfigError: the output directory or the rows are not usable.
        DatabaseError: the database is not usable.
        ModelError: the base is not usable, or the result is not a model.
    """
    state = PartialState()
    main = state.is_main_process
    tell = teller(console, main=main)
    check_output(run)
    state.wait_for_everyone()  # all have checked before one of them writes
    found = asyncio.run(_find_rows(run)) if main else None
    tokenizer = load_tokenizer(run.location)
    fresh = is_fresh(run)
    try:
        if found is not None:
            begin_output(run)
            asyncio.run(_prepare(run, tokenizer, found, tell))
        state.wait_for_everyone()
        prepared = load_prepared(run)
        _tell_differences(run, tell)
        model = load_base(run.location, tokenizer, run.max_length)
        checkpoint = _choose_checkpoint(run, model, tell, main=main)
        trainer = method.build_trainer(
            Ready(
                run=run,
                model=model,
                tokenizer=tokenizer,
                prepared=prepared,
                callbacks=[*show_progress(run, console), StopAtSignal()],
                tell=tell,
            )
        )
        if sentence := objection(run, model.num_parameters(), len(prepared.train)):
            tell(sentence)
    except Exception:
        if main and fresh:
            remove_prepared(run)
            discard_output(run)
        raise
    run_id = asyncio.run(_begin_record(run, prepared)) if main and run.from_db else None
    figures = train(trainer, checkpoint, run_id)
    trainer.save_model(str(staged(run)))
    state.wait_for_everyone()
    said: Mapping[str, Any] = {}
    if main:
        finish_output(run, model, tokenizer)
        figures, said = method.report(run, figures, trainer.state.log_history)
        write_report(run, prepared.counts, list(_example_ids(prepared.train)), figures)
        if run_id is not None:
            asyncio.run(_finish_record(run, run_id, figures))
        remove_prepared(run)
        mark_finished(run)
    return {**summary(run, prepared.counts, figures), **said}


async def _find_rows(run: Run) -> Selection:
    async with open_source(run) as source:
        return await find_rows(run, source)


async def _prepare(run: Run, tokenizer: PreTrainedTokenizerBase, found: Selection, tell: Teller) -> None:
    async with open_source(run) as source:
        _tell_rows(found, await prepare(run, source, tokenizer, found), tell, run)


def teller(console: Console, *, main: bool) -> Teller:
    """Return a function that shows sentences; only the main process prints."""

    def tell(sentence: str) -> None:
        if main:
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    return tell


def _tell_differences(run: Run, tell: Teller) -> None:
    """Print the differences from the documented run, and why."""
    for name, difference in run.differences.items():
        tell(
            f"Differs from the documented run: {name} is {difference.effective} instead of "
            f"{difference.documented}, because {difference.why}."
        )


def _tell_rows(found: Selection, used: Selection, tell: Teller, run: Run) -> None:
    """Print which rows are left out, and whether the rows of a resumed run differ from today's."""
    if run.resume and found.fingerprint != used.fingerprint:
        tell("The rows have changed since this run began: it continues with its first rows.")
    for reason, rows in used.left_out.items():
        tell(f"Left out: {rows:,} rows, {reason}.")


def _choose_checkpoint(run: Run, model: PreTrainedModel, tell: Teller, *, main: bool) -> str | None:
    """Return the newest usable checkpoint if the run is resumed; all processes get the same."""
    if not run.resume:
        return None
    found: list[str | None] = [None]
    if main:
        path = newest_usable(run.output_dir, model, tell)
        tell(f"Resuming from {path.name}." if path else "There is no usable checkpoint: training starts again.")
        found = [str(path) if path else None]
    chosen: list[str | None] = broadcast_object_list(found)
    return chosen[0]


def train(trainer: Trainer, checkpoint: str | None, run_id: int | None) -> Figures:
    """Train, and measure at the end.

    Raises:
        ModelError: the loss is not a number any more.
    """
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=checkpoint)
    seconds = time.monotonic() - started
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    if losses and not math.isfinite(losses[-1]):
        raise ModelError(
            f"The loss was not a number at step {trainer.state.global_step}: train with a lower --learning-rate."
        )
    eval_loss = None
    if trainer.eval_dataset is not None:
        # If the last step was evaluated already, that is the final figure.
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


def _example_ids(rows: Dataset) -> Iterator[int]:
    """Yield the examples of prepared rows; rows of doubt have none."""
    for batch in rows.select_columns("example_id").iter(1_000):
        yield from (number for number in batch["example_id"] if number is not None)


async def _begin_record(run: Run, prepared: Prepared) -> int:
    """Record the start of a run in the database, unless it is resumed and recorded already; return its id."""
    path = run.output_dir / DATA / _RECORD
    if run.resume and path.is_file():
        return int(json.loads(path.read_text("utf-8"))["training_run_id"])
    async with open_database(run.settings) as database:
        run_id = await begin_record(
            database, run.arguments.to_dict(), prepared.counts.fingerprint, _example_ids(prepared.train)
        )
    path.write_text(json.dumps({"training_run_id": run_id}), "utf-8")
    return run_id


async def _finish_record(run: Run, run_id: int, figures: Figures) -> None:
    """Record the end of a run in the database, with its losses."""
    async with open_database(run.settings) as database:
        await finish_record(database, run_id, [dict(entry) for entry in figures.loss_history])


def summary(run: Run, counts: Selection, figures: Figures) -> dict[str, Any]:
    """Return the summary of a finished run."""
    return {
        "output_dir": str(run.output_dir),
        "base_model": run.base_model,
        "train_rows": counts.taken,
        "held_out_rows": counts.held_out,
        "left_out": dict(counts.left_out),
        "final_loss": figures.final_loss,
        "eval_loss": figures.eval_loss,
        "train_seconds": figures.train_seconds,
        "tokens_per_second": figures.tokens_per_second,
        "peak_memory_mb": figures.peak_memory_mb,
        "training_run_id": figures.training_run_id,
    }


def _finite(value: Any) -> Any:
    """JSON has no infinity, which the gradient of a skipped fp16 step may be."""
    return value if not isinstance(value, float) or math.isfinite(value) else None

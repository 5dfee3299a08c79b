"""Supervised fine-tuning on approved answers, from the rows to the finished model directory.

This module knows no loss and no tokens: those are in ``trainer`` and ``data``.
"""

from __future__ import annotations

import asyncio

from accelerate import PartialState
from rich.console import Console
from transformers import PreTrainedTokenizerBase

from supportbot.bootstrap import open_database
from supportbot.db.schema import check_schema
from training.finetune import session
from training.finetune.base import load_base, load_tokenizer
from training.finetune.data import load_prepared, prepare, remove_prepared
from training.finetune.output import begin_output, check_output, finish_output, mark_finished, staged
from training.finetune.progress import ProgressBar
from training.finetune.report import write_report
from training.finetune.run import Run
from training.finetune.sources import Counts, DatabaseRows, FileRows
from training.finetune.trainer import build_fine_tuner
from training.speed import keep_freed_memory


async def count_rows(run: Run) -> Counts:
    """Count the rows that a run would take, and change nothing."""
    if run.data is not None:
        return await FileRows(run.data).count()
    async with open_database(run.settings) as database:
        await check_schema(database)
        return await DatabaseRows(database, run.labels).count()


def train_sft(run: Run, console: Console) -> session.Result:
    """Fine-tune a model on approved answers.

    Raises:
        ConfigError: the output directory or the rows are not usable.
        DatabaseError: the database is not usable.
        ModelError: the base is not usable, or what came out is not a model.
    """
    state = PartialState()
    tell = session.teller(console, main=state.is_main_process)
    check_output(run)
    state.wait_for_everyone()  # all have looked before one of them writes
    tokenizer = load_tokenizer(run.location)
    if state.is_main_process:
        begin_output(run)
        asyncio.run(_prepare(run, tokenizer, tell))
    state.wait_for_everyone()
    prepared = load_prepared(run)
    run_id = None
    if run.from_db and state.is_main_process:
        run_id = asyncio.run(session.begin_run_record(run, prepared.train, prepared.counts.fingerprint))
    session.tell_differences(run, tell)
    keep_freed_memory()
    model = load_base(run.location, tokenizer, run.max_length)
    checkpoint = session.choose_checkpoint(run, model, tell, main=state.is_main_process)
    trainer = build_fine_tuner(
        run,
        model,
        int(tokenizer.pad_token_id),
        prepared.train,
        prepared.held_out,
        [ProgressBar(console)],
        taken=prepared.counts.taken,
    )
    figures = session.train(trainer, checkpoint, run_id)
    trainer.save_model(str(staged(run)))
    state.wait_for_everyone()
    if state.is_main_process:
        finish_output(run, model, tokenizer)
        write_report(run, prepared.counts, list(session.example_ids(prepared.train)), figures)
        if run_id is not None:
            asyncio.run(session.finish_run_record(run, run_id, figures))
        remove_prepared(run)
        mark_finished(run)
    return session.Result(run.output_dir, prepared.counts, figures)


async def _prepare(run: Run, tokenizer: PreTrainedTokenizerBase, tell: session.Teller) -> None:
    if run.data is not None:
        counts = await prepare(run, FileRows(run.data), tokenizer)
    else:
        async with open_database(run.settings) as database:
            await check_schema(database)
            counts = await prepare(run, DatabaseRows(database, run.labels), tokenizer)
    session.tell_rows(counts, load_prepared(run).counts, tell)

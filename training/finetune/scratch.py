"""``--recipe faq``: a small model trained from scratch on approved rows, in the folder of an ordinary run.

The model is made in a temporary folder and moved to its place at the end, its report last: an interrupted run
leaves nothing, and there is nothing to resume. The database records the run once there is a model.

This module knows folders and records; ``training.faq`` makes the model.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from supportbot.bootstrap import open_database
from supportbot.intake.normalise import normalise_question
from training.dataset import encode_row
from training.faq.fitting import Fitted, fit
from training.faq.model import save_model
from training.faq.recipe import LOGIT_SCALE, Recipe, recipe_for
from training.faq.rows import build_rows
from training.faq.teacher import LetterTeacher, Teacher
from training.faq.train import build_trainer
from training.finetune.lesson import TOO_LONG, Lesson, check_number, read_lesson, too_long
from training.finetune.output import begin_output, check_output, discard_output, mark_finished
from training.finetune.progress import show_progress
from training.finetune.records import begin_record, finish_record
from training.finetune.report import REPORT, Figures, write_report
from training.finetune.run import Run
from training.finetune.session import Teller, summary, teller, train


def make_model(
    run: Run, console: Console, *, recipe: Recipe | None = None, teacher: Teacher | None = None
) -> dict[str, Any]:
    """Make a model; return the run's summary.

    Args:
        run: with its options.
        console: shows progress.
        recipe: by default the one for these rows.
        teacher: by default the one of letters.

    Raises:
        ConfigError: the output directory or the rows are not usable.
        DatabaseError: the database is not usable.
        ModelError: the result is not a model.
    """
    tell = teller(console, main=True)
    torch.set_num_threads(1)  # a second one helps on idle cores and costs several times the time on busy ones
    check_output(run)
    started_at = datetime.now(UTC)
    lesson = read_lesson(run)
    material = lesson.material
    check_number(run, material)
    recipe = recipe or recipe_for(material, run.arguments.seed)
    with _folder(run) as folder:
        fitted = fit(material, recipe)
        lesson = lesson.without(fitted.too_long)
        _tell(lesson, fitted, tell)
        check_number(run, fitted.material)
        figures = _train(run, recipe, teacher or LetterTeacher(recipe.teacher_c), fitted, lesson, folder, console)
        if run.from_db:
            run_id = asyncio.run(_record(run, recipe, lesson, figures, started_at))
            figures = replace(figures, training_run_id=run_id)
        working = replace(run, output_dir=folder)
        begin_output(working)
        write_report(working, lesson.counts, _ids(lesson), figures, values=asdict(recipe))
        mark_finished(working)
    answers = {"recipe": run.recipe, "answers": len(fitted.material.topics)}
    return {**answers, **summary(run, lesson.counts, figures)}


def _train(
    run: Run,
    recipe: Recipe,
    teacher: Teacher,
    fitted: Fitted,
    lesson: Lesson,
    folder: Path,
    console: Console,
) -> Figures:
    """Train and save a model."""
    with console.status("Inventing questions, and asking the teacher what they ask for"):
        rows = build_rows(fitted.material, recipe, fitted.tokenizer, teacher, normalise_question)
    held_out = [encode_row(fitted.tokenizer, row.question, row.answer) for row in lesson.held_out]
    callbacks = show_progress(run, console)
    trainer = build_trainer(recipe, run.arguments, fitted.tokenizer, rows, callbacks, held_out)
    figures = train(trainer, None, None)
    save_model(trainer.model, fitted.tokenizer, folder, logit_scale=LOGIT_SCALE)
    return figures


@contextmanager
def _folder(run: Run) -> Iterator[Path]:
    """Yield a scratch folder, whose content becomes that of the output directory on success.

    Raises:
        ConfigError: the output directory cannot be written.
    """
    begin_output(run)  # fails now and not after minutes
    discard_output(run)
    with tempfile.TemporaryDirectory(prefix="faq-") as scratch:
        folder = Path(scratch)
        yield folder
        run.output_dir.mkdir(parents=True, exist_ok=True)
        try:
            # The report last: without it a folder is no run. Files are copied, because safetensors makes its own
            # unreadable for others.
            for path in sorted(folder.iterdir(), key=lambda path: path.name == REPORT):
                target = run.output_dir / path.name
                if path.is_dir():
                    shutil.copytree(path, target)
                else:
                    shutil.copyfile(path, target)
        except BaseException:
            for path in folder.iterdir():
                _remove(run.output_dir / path.name)
            discard_output(run)
            raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _tell(lesson: Lesson, fitted: Fitted, tell: Teller) -> None:
    """Print what is left out, and what is learned."""
    named = too_long(fitted, lesson)
    for reason, rows in lesson.counts.left_out.items():
        tell(named if named and reason == TOO_LONG else f"Left out: {rows:,} rows, {reason}.")
    topics = fitted.material.topics
    tell(f"Learning {len(topics):,} answers from {sum(len(topic.wordings) for topic in topics):,} questions.")


def _ids(lesson: Lesson) -> list[int]:
    return [row.example_id for row in lesson.train]


async def _record(run: Run, recipe: Recipe, lesson: Lesson, figures: Figures, started_at: datetime) -> int:
    """Record the run in the database, with its rows and losses; return its id."""
    arguments: Mapping[str, Any] = {**run.arguments.to_dict(), "recipe": asdict(recipe)}
    async with open_database(run.settings) as database:
        run_id = await begin_record(
            database, arguments, lesson.counts.fingerprint, _ids(lesson), started_at=started_at
        )
        await finish_record(database, run_id, [dict(entry) for entry in figures.loss_history])
    return run_id

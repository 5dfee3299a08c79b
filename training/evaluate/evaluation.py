"""An evaluation from its task to its files: rows to ask, both models, the comparison, the answerer, the report.

Progress goes to the given console. This module chooses the files' folder; ``command`` shows the result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from supportbot.bootstrap import open_database
from supportbot.config import Settings
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.engine.base import SamplingParams
from supportbot.errors import ConfigError
from supportbot.knowledge.wrong_rate import with_chosen
from supportbot.models.loading import make_local_engine
from supportbot.models.registry import INT8_LOSS_RISE, ModelSource, Registry
from training.evaluate._runs import RUN_RECORD
from training.evaluate.answerer import Examination, examine, prepare_examination
from training.evaluate.comparison import Setup, compare
from training.evaluate.int8 import int8_loss_rise
from training.evaluate.judging import make_judges
from training.evaluate.knowing import has_knowledge
from training.evaluate.learned import learned_rows
from training.evaluate.measuring import ACTIVE, Questions, find_model, measure
from training.evaluate.past import past_corrections, past_votes
from training.evaluate.record import ANSWERER
from training.evaluate.report import write_report
from training.evaluate.rows import (
    Row,
    canonical_answers,
    out_of_scope_questions,
)
from training.evaluate.trained import rows_to_ask
from training.lines import Lines

NO_KNOWLEDGE = (
    "There are no approved answers yet, so the answerer gives the model's answers: import some with "
    "`supportbot import FILE --approve`, or compare models with --candidate."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to evaluate, and how; see ``main`` for each."""

    candidate: str | None
    against: str = ACTIVE
    answerer: bool = False
    data: tuple[Path, ...] = ()
    references: Path | None = None
    out_of_scope: Path | None = None
    limit: int = 500
    seed: int = 0
    greedy: bool = False
    output: Path | None = None
    progress: Path | None = None


async def evaluate(task: Task, settings: Settings, console: Console) -> tuple[dict[str, Any], Path]:
    """Ask both models, write the report, and return the record and the folder of its files.

    Raises:
        ConfigError: there is no candidate, there are no rows to ask, or a file is wrong; or there is no knowledge
            for measuring the answerer.
        DatabaseError: the database is needed and cannot be used.
        ModelError: one of the models is missing or damaged.
    """
    if task.candidate is None:
        raise ConfigError(
            "There is no candidate: name one with --candidate, or measure the live version with only --answerer."
        )
    lines = Lines(task.progress)
    registry = Registry(settings.models_dir)
    candidate = find_model(task.candidate, registry, settings.model)
    against = find_model(task.against, registry, settings.model, hub=True)
    canonical = canonical_answers(task.references) if task.references else None
    strangers = out_of_scope_questions(task.out_of_scope)
    async with AsyncExitStack() as stack:
        database = await _open(task, settings, stack)
        settings = await with_chosen(database, settings) if database else settings
        keep = settings.kept_contacts
        rows, left_out = await rows_to_ask(
            candidate.location, database, task.data, task.limit, task.seed, keep=keep
        )
        learned = await learned_rows(
            candidate.location, against.location, database, task.limit, task.seed, keep=keep
        )
        corrections = await past_corrections(database, keep=keep) if database else []
        votes = await past_votes(database, against.version) if database else []
        _check_enough(rows, left_out, console)
        sources = {"candidate": candidate, "against": against}
        examination = await prepare_examination(
            database, settings, sources, rows, strangers, task.limit, canonical
        )
    if task.answerer and examination is None:
        raise ConfigError(NO_KNOWLEDGE)
    if not learned:
        console.print(
            f"Forgetting is not measured: none of the rows that '{against.version}' was trained on is known.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    judges = make_judges(rows, learned, canonical)
    questions = Questions(rows, strangers, corrections, learned)
    with _progress(console) as bar:
        measured = []
        for who, source in sources.items():
            step = bar.add_task(f"Asking {who}", total=questions.steps(greedy=task.greedy))
            measured.append(
                await measure(
                    source,
                    questions,
                    load=partial(make_local_engine, settings),
                    seed=task.seed,
                    greedy=task.greedy,
                    on_step=partial(_advance, bar, step, lines, who),
                )
            )
    setup = Setup(task.seed, measured[0].arithmetic, SamplingParams().as_record())
    with console.status("Measuring what int8 weights would cost"):
        rise = await asyncio.to_thread(int8_loss_rise, candidate.location, rows, settings.exports_dir)
    with console.status("Comparing"):
        record = compare(measured[0], measured[1], questions, judges, votes, setup, left_out)
        record["candidate"][INT8_LOSS_RISE] = rise
    if examination is not None:
        # A candidate that is no version yet gets its floor at publication: its own, else its parent's.
        measured_floor = record["candidate"]["confidence_floor"]
        floors = {"candidate": against.confidence_floor if measured_floor is None else measured_floor}
        record[ANSWERER] = await _examine(examination, settings, floors, console, lines)
    with console.status("Writing the report"):
        directory = _output(task, settings, candidate)
        lengths = [[answer.tokens for answer in model.answers] for model in measured]
        write_report(record, directory, (lengths[0], lengths[1]))
    return record, directory


async def evaluate_answerer(task: Task, settings: Settings, console: Console) -> dict[str, Any]:
    """Ask the answerer alone, with one model, and return its record.

    Raises:
        ConfigError: there is no knowledge, there are no rows to ask, or a file is wrong.
        DatabaseError: the database cannot be used.
        ModelError: the model is missing or damaged.
    """
    source = find_model(task.against, Registry(settings.models_dir), settings.model, hub=True)
    canonical = canonical_answers(task.references) if task.references else None
    strangers = out_of_scope_questions(task.out_of_scope)
    async with AsyncExitStack() as stack:
        database = await _open(task, settings, stack)
        if database is None or not await has_knowledge(database):
            raise ConfigError(NO_KNOWLEDGE)
        rows, left_out = await rows_to_ask(
            source.location, database, task.data, task.limit, task.seed, keep=settings.kept_contacts
        )
        _check_enough(rows, left_out, console)
        examination = await prepare_examination(
            database, settings, {"against": source}, rows, strangers, task.limit, canonical
        )
    if examination is None:
        raise ConfigError(NO_KNOWLEDGE)
    return await _examine(examination, settings, {}, console, Lines(task.progress))


def _check_enough(rows: Sequence[Row], left_out: Mapping[str, int], console: Console) -> None:
    for reason, number in left_out.items():
        console.print(f"Left out: {number:,} rows, {reason}.", highlight=False, markup=False, soft_wrap=True)
    if len(rows) < 2:
        raise ConfigError(
            f"There are {len(rows)} held-out rows to ask: approve more with `supportbot curate "
            "review`, or add some with --data."
        )


async def _examine(
    examination: Examination,
    settings: Settings,
    floors: Mapping[str, float | None],
    console: Console,
    lines: Lines,
) -> dict[str, Any]:
    with _progress(console) as bar:
        step = bar.add_task("Asking the answerer", total=examination.steps * len(examination.models))
        return await examine(examination, settings, floors, partial(_advance, bar, step, lines, ANSWERER))


def _advance(bar: Progress, step: TaskID, lines: Lines, phase: str) -> None:
    bar.advance(step)
    task = bar.tasks[step]
    lines.done(phase, task.completed, task.total)


async def _open(task: Task, settings: Settings, stack: AsyncExitStack) -> Database | None:
    """Open the database; with rows from files it may be missing, and then there is no past to look at."""
    database = await stack.enter_async_context(open_database(settings))
    if task.data and database.is_missing:
        return None
    await check_schema(database)
    return database


def _output(task: Task, settings: Settings, candidate: ModelSource) -> Path:
    if task.output is not None:
        return task.output
    run = Path(candidate.location)
    if (run / RUN_RECORD).is_file():
        return run / RUN_RECORD.parent
    return settings.home / "reports" / candidate.version


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
    )

"""``python -m benchmarks.preparation``: a million approved rows become a training set in bounded memory.

The rows are generated into a SQLite file with the real schema, then selected, encoded and written as in
``training.finetune --from-db``, and opened and ordered as in its trainer. The figure is the growth of the
process's memory from the start to the peak.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import datasets
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import insert

from benchmarks.machine import describe_machine
from benchmarks.model import build_tokenizer
from benchmarks.processes import watch
from benchmarks.program import Telling, open_scratch, save_record
from supportbot.config import Settings
from supportbot.db.models import Example
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation.keys import sort_key_of, split_of
from training.finetune.arguments import parse_run
from training.finetune.data import load_prepared, prepare
from training.finetune.machine import Machine
from training.finetune.sources import DatabaseRows
from training.finetune.trainer import EpochSampler
from training.starter.data import load_faq

_LIMIT_MB = 500
_QUICK_ROWS = 20_000
_CHUNK = 5_000
_PERSONS = 2_000
_SEED = 42


async def fill(database: Database, rows: int, progress: Progress) -> None:
    """Insert different approved examples of many persons."""
    await migrate(database)
    rng = random.Random(_SEED)  # noqa: S311 - variety, not secrecy
    faq = load_faq()
    words = sorted({word for topic in faq.topics for text in topic.wordings for word in text.split()})
    answers = [topic.answer for topic in faq.topics]
    task = progress.add_task("Making the rows", total=rows)
    for start in range(0, rows, _CHUNK):
        numbers = range(start, min(start + _CHUNK, rows))
        async with database.write() as session:
            await session.execute(insert(Example), [_row(number, words, answers, rng) for number in numbers])
        progress.update(task, completed=numbers.stop)


async def measure(rows: int, folder: Path, progress: Progress) -> dict[str, Any]:
    """Make a database and prepare its rows; return the figures."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'rows.db'}")
    try:
        await fill(database, rows, progress)
        run = parse_run(["--from-db", "--output-dir", str(folder / "run")], Settings(home=folder), Machine.here())
        tokenizer = build_tokenizer(tiny=False)
        tokenizer("What is loaded lazily is loaded now.")
        progress.add_task("Preparing them", total=None)
        with watch() as use:
            began = time.perf_counter()
            counts = await prepare(run, DatabaseRows(database), tokenizer)
            seconds = time.perf_counter() - began
            train = load_prepared(run).train
            order = iter(EpochSampler(list(train["length"]), run.arguments.train_batch_size, _SEED))
            first = train[next(order)]
    finally:
        await database.aclose()
    growth = use.highest_mb - use.before_mb
    return {
        "rows": rows,
        "train_rows": len(train),
        "held_out_rows": counts.held_out,
        "left_out": dict(counts.left_out),
        "longest_row": first["length"],
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds, 1),
        "memory_before_mb": round(use.before_mb, 1),
        "memory_growth_mb": round(growth, 1),
        "limit_mb": _LIMIT_MB,
        "within_limit": growth < _LIMIT_MB,
        "database_mb": round((folder / "rows.db").stat().st_size / 2**20, 1),
    }


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    rows: Annotated[int, typer.Option(min=1, help="Approved rows in the database.")] = 1_000_000,
    quick: Annotated[bool, typer.Option(help=f"At most {_QUICK_ROWS:,} rows: does it run at all?")] = False,
) -> None:
    """Measure how much memory it takes to prepare a training set."""
    datasets.disable_progress_bars()
    with open_scratch() as scratch, Telling() as progress:
        figures = asyncio.run(measure(min(rows, _QUICK_ROWS) if quick else rows, scratch, progress))
    save_record(figures | {"machine": describe_machine()}, json_file)
    table = Table("", "value", title="Preparing approved rows")
    table.add_row("rows in the database", f"{figures['rows']:,}")
    table.add_row("rows to train on", f"{figures['train_rows']:,}")
    table.add_row("rows/s", f"{figures['rows_per_second']:,.0f}")
    table.add_row("growth of memory", f"{figures['memory_growth_mb']:.0f} MB (limit {_LIMIT_MB} MB)")
    Console().print(table)


def _row(number: int, words: list[str], answers: list[str], rng: random.Random) -> dict[str, Any]:
    question = " ".join(rng.choices(words, k=rng.randint(6, 14)))
    conversation = f"import:{number}"
    now = datetime.now(UTC)
    return {
        "origin": conversation,
        "source": ExampleSource.IMPORT,
        "prompt": question,
        "completion": f"{rng.choice(answers)} (case {number})",
        "label": ExampleLabel.GOOD,
        "conversation": conversation,
        "person": f"person-{number % _PERSONS}",
        "split": split_of(conversation),
        "sort_key": sort_key_of(question),
        "status": ExampleStatus.APPROVED,
        "curator": "benchmark",
        "created_at": now,
        "decided_at": now,
    }


if __name__ == "__main__":
    typer.run(main)

"""``python -m benchmarks.console``: how fast each page of the console is, and whether the bot answers as fast.

A database is filled with an invented log of 90 days and invented knowledge, and opened as the daemon opens it,
with the starter model. First each page is requested once, with everything cold, then many times in turns. Last,
the bot answers verified questions and questions for the model, alternating with and without somebody who clicks.
The time of a page is that of all calls to the core before it is shown, without the browser and NiceGUI.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psutil
import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import func, select

from benchmarks.console.answers import measure_answers
from benchmarks.console.filling import fill
from benchmarks.console.pages import Clicks
from benchmarks.console.timing import first_look, time_pages
from benchmarks.machine import describe_machine
from benchmarks.postgres import durable_server
from benchmarks.program import Telling, open_scratch, save_record
from supportbot.bootstrap import initialise, open_core, open_database
from supportbot.config import Settings
from supportbot.core import Core
from supportbot.db.models import Entry, Question
from supportbot.db.states import EntrySource
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.models.registry import STARTER
from supportbot.telemetry.pulse import settle

PROMISED_MS = 300
PROMISED_SLOWDOWN = 1.1

_TURN_SECONDS = 4.0

_QUICK = (300, 60, 2, 2, 0.2)
"""Conversations, entries, repeats, turns, and the seconds of a turn."""

_QUESTIONS_OF_A_CONVERSATION = 1.23
"""On average; only for the progress bar."""


class On(StrEnum):
    """The databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    BOTH = "both"


async def measure(
    settings: Settings,
    progress: Progress,
    *,
    conversations: int,
    entries: int,
    repeats: int,
    turns: int,
    seconds: float,
    keep: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """Return the figures of one database.

    Args:
        settings: with its address; it is created and filled here, unless it was before.
        progress: shows how far this is.
        conversations: to fill it with.
        entries: likewise.
        repeats: how often each page is opened.
        turns: of answers with and without clicks.
        seconds: of a turn.
        keep: gets the figures so far.
    """
    kind = "sqlite" if settings.database_url is None else "postgresql"
    await initialise(settings)
    async with open_database(settings) as database, database.read() as session:
        is_filled = await session.scalar(select(func.max(Question.id))) is not None
    if not is_filled:
        total = int(conversations * _QUESTIONS_OF_A_CONVERSATION)
        bar = progress.add_task(f"{kind}: questions written", total=total)
        async with open_database(settings) as database:
            await fill(
                database,
                await asyncio.to_thread(open_encoder, ""),
                conversations=conversations,
                entries=entries,
                now=datetime.now(UTC),
                told=lambda done: progress.update(bar, advance=done),
            )
        progress.remove_task(bar)
    async with open_core(settings, platforms={"web"}, daemon=True) as core:
        await core.prepare()
        await core.knowledge.refresh()
        await core.console.today.gaps.prepare()  # a daemon does it while nobody is answered
        clicks = await _clicks(core)
        gc.collect()
        settle()  # as a daemon that is ready
        before = psutil.Process().memory_info().rss / 2**20
        record: dict[str, Any] = {"first_ms": await first_look(clicks.pages())}
        bar = progress.add_task(f"{kind}: rounds of pages", total=repeats)
        times, most = await time_pages(clicks.pages(), repeats, lambda: progress.advance(bar))
        progress.remove_task(bar)
        record |= {
            "pages": {name: one.figures() for name, one in times.items()},
            "memory_growth_mb": round(max(most - before, 0.0), 1),
        }
        keep(record)
        bar = progress.add_task(f"{kind}: turns of answers", total=2 * turns)
        answered = await measure_answers(core, clicks.pages(), turns, seconds, lambda: progress.advance(bar))
        progress.remove_task(bar)
    return record | {"answers": answered.figures()}


async def _clicks(core: Core) -> Clicks:
    async with core.database.read() as session:
        questions = await session.scalar(select(func.max(Question.id))) or 0
        own = select(func.min(Entry.id), func.max(Entry.id)).where(Entry.source != EntrySource.SMALL_TALK)
        first, last = (await session.execute(own)).one()
    return Clicks(core, questions, range(first, last + 1))


def summary(databases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the promised figures of the slowest database: the time of each page, and what clicks cost answers."""
    pages: dict[str, float] = {}
    for record in databases.values():
        for name, figures in record.get("pages", {}).items():
            pages[name] = max(pages.get(name, 0.0), figures["p95_ms"])
    slowdowns = [
        figures["slowdown"]
        for record in databases.values()
        for figures in record.get("answers", {}).values()
        if isinstance(figures, dict)
    ]
    return {"p95_ms": pages, "answer_slowdown": max(slowdowns, default=None)}


def _address(on: On, kept: Path | None) -> AbstractContextManager[str | None]:
    """Give the address of a database, empty unless one was kept; None for a file in the home folder."""
    if on is On.SQLITE:
        return nullcontext()
    return durable_server(kept / "postgresql-data" if kept else None)


def _settings(home: Path, address: str | None) -> Settings:
    return Settings(
        home=home,
        database_url=address,
        model=STARTER,
        # One person asks here without a pause.
        person_at_once=0,
        person_a_minute=0,
        channel_at_once=0,
        channel_a_minute=0,
        workspace_at_once=0,
        workspace_a_minute=0,
        busy_seconds=0,
    )


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    databases = record["databases"]
    columns = [f"{name}, {what}" for name in databases for what in ("p50 ms", "p95 ms", "loop held ms")]
    table = Table("page", *columns, title=f"The console, {record['conversations']:,} conversations")
    for page in record["p95_ms"]:
        figures = [one["pages"][page] for one in databases.values()]
        table.add_row(
            page, *(f"{one[key]:.0f}" for one in figures for key in ("p50_ms", "p95_ms", "loop_lag_p95_ms"))
        )
    table.caption = (
        f"Promised: p95 below {PROMISED_MS} ms, answers at most {PROMISED_SLOWDOWN} times as slow beside clicks; "
        f"measured {record['answer_slowdown']} times."
    )
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    database: Annotated[On, typer.Option(help="Which database.")] = On.BOTH,
    conversations: Annotated[int, typer.Option(min=50, help="Conversations in the log.")] = 100_000,
    entries: Annotated[int, typer.Option(min=20, help="Approved answers.")] = 10_000,
    repeats: Annotated[int, typer.Option(min=2, help="How often each page is opened.")] = 40,
    turns: Annotated[int, typer.Option(min=1, help="Turns of answers with clicks, and as many without.")] = 40,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the databases here, and measure those that are here already.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="Hardly any of all this: does it run?")] = False,
) -> None:
    """Measure the console's pages on a full database, and the bot's answers beside them."""
    seconds = _TURN_SECONDS
    if quick:
        conversations, entries, repeats, turns, seconds = _QUICK
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    databases: dict[str, dict[str, Any]] = {}
    rest = {"conversations": conversations, "entries": entries, "machine": describe_machine()}

    def keep(name: str, record: dict[str, Any]) -> None:
        databases[name] = record
        save_record(summary(databases) | {"databases": databases} | rest, json_file)

    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with open_scratch() as scratch, Telling() as progress:
        for on in (On.SQLITE, On.POSTGRESQL) if database is On.BOTH else (database,):
            with _address(on, folder) as address:
                record = asyncio.run(
                    measure(
                        _settings((folder or scratch) / on.value, address),
                        progress,
                        conversations=conversations,
                        entries=entries,
                        repeats=repeats,
                        turns=turns,
                        seconds=seconds,
                        keep=lambda so_far, on=on: keep(on.value, so_far),  # type: ignore[misc]  # bound at once
                    )
                )
            keep(on.value, record)
    Console().print(build_table(summary(databases) | {"databases": databases} | rest))


if __name__ == "__main__":
    typer.run(main)

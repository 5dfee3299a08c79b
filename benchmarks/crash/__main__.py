"""``python -m benchmarks.crash``: daemons are killed in the middle of their work, and every answer is counted.

This runs the real daemon with the starter, on SQLite or PostgreSQL, with the tests' local Slack or Discord. People
ask all the time. Half of the daemons end at any moment, the others at each step of a question's way in turn
(``steps``). The next one starts on the same database. At the end everybody must have one answer.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from signal import Signals
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.crash.lives import STOP_SECONDS
from benchmarks.crash.steps import make_plan, named_steps
from benchmarks.crash.trial import Trial, run_trial
from benchmarks.crash.verdict import Outcome
from benchmarks.machine import describe_machine
from benchmarks.program import Telling, open_scratch, save_record
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from tests.postgres import create_postgres_database, postgres_server

_AT_ONCE = 50
"""Ends on one database and one platform, which remember everything, before new ones replace them."""


class DatabaseKind(StrEnum):
    """The daemons' database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Platform(StrEnum):
    """Where people ask."""

    SLACK = "slack"
    DISCORD = "discord"


class Ending(StrEnum):
    """How a daemon ends: as in a power cut, or by a service manager."""

    KILL = "kill"
    TERM = "term"


def run_all(
    trial: Trial, ends: int, new_database: Callable[[], str | None], scratch: Path, on_end: Callable[[], None]
) -> Outcome:
    """End so many daemons; return the outcome.

    Args:
        trial: what to try.
        ends: how many.
        new_database: makes a PostgreSQL database and returns its address; None for SQLite.
        scratch: a folder for the homes.
        on_end: called after each end.
    """
    outcome = Outcome()
    plan = make_plan(ends, trial.signal, random.Random(trial.seed))  # noqa: S311 - no secret
    for first in range(0, ends, _AT_ONCE):
        part = plan[first : first + _AT_ONCE]
        home, url = scratch / f"home{first}", new_database()
        asyncio.run(initialise(Settings(home=home, database_url=url)))
        outcome.add(asyncio.run(run_trial(trial, part, home, url, on_end)))
    return outcome


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    title = f"{record['kills']} times {record['signal']}: {record['database']}, {record['platform']}"
    table = Table("", "measured", "promised", title=title)
    table.add_row("questions", str(record["questions"]), "")
    table.add_row("lost", str(record["lost"]), "0")
    table.add_row("answered more than once", str(record["doubled"]), "0")
    table.add_row("not in their last state", str(record["in_database"]["unfinished"]), "0")
    table.add_row("replies not delivered", str(record["in_database"]["undelivered"]), "0")
    table.add_row("daemons with another exit status", str(record["unclean"]), "0")
    table.add_row("daemons that stopped too late", str(record["late"]), "0")
    table.add_row("told why there is no answer", str(record["in_database"]["told"]), "few")
    table.add_row("of these, because they were set aside", str(record["set_aside"]), "few")
    table.add_row("from an end to the answer, p50 / max", _seconds(record["take_over_s"]), "")
    table.add_row("from SIGTERM to the exit, p50 / max", _seconds(record["stop_s"]), f"≤ {STOP_SECONDS:g} s")
    return table


def _seconds(spread: dict[str, float] | None) -> str:
    return "-" if spread is None else f"{spread['p50']} / {spread['max']} s"


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    kills: Annotated[int, typer.Option(min=1, help="How many daemons are ended.")] = 500,
    database: Annotated[DatabaseKind, typer.Option(help="Where they keep questions.")] = DatabaseKind.SQLITE,
    platform: Annotated[Platform, typer.Option(help="Where people ask.")] = Platform.SLACK,
    ending: Annotated[Ending, typer.Option("--signal", help="How they are ended.")] = Ending.KILL,
    daemons: Annotated[int, typer.Option(min=1, max=2, help="How many share a PostgreSQL database.")] = 1,
    seed: Annotated[int, typer.Option(help="Of what is random.")] = 1,
    quick: Annotated[bool, typer.Option(help="Each named step once: does it run?")] = False,
) -> None:
    """End daemons in the middle of their work, and count what was lost and what was doubled."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    if daemons > 1 and database is DatabaseKind.SQLITE:
        raise typer.BadParameter("One daemon at a time uses a SQLite file.", param_hint="--daemons")
    signal = Signals[f"SIG{ending.upper()}"]
    ends = len(named_steps(signal)) if quick else kills
    trial = Trial(platform=platform, signal=signal, daemons=daemons, seed=seed)
    began = time.monotonic()
    with open_scratch() as scratch, ExitStack() as stack, Telling() as progress:
        server = stack.enter_context(postgres_server()) if database is DatabaseKind.POSTGRESQL else None
        bar = progress.add_task(f"{database}, {platform}", total=ends)
        outcome = run_all(
            trial,
            ends,
            lambda: create_postgres_database(server) if server else None,
            scratch,
            lambda: progress.advance(bar),
        )
    record = {
        "database": database,
        "platform": platform,
        "signal": signal.name,
        "daemons": daemons,
        "seed": seed,
        **outcome.as_record(),
        "seconds": round(time.monotonic() - began, 1),
        "quick": quick,
        "machine": describe_machine(),
    }
    save_record(record, json_file)
    Console().print(build_table(record))
    if not outcome.is_whole:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

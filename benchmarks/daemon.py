"""``python -m benchmarks.daemon``: the daemon with a model of GPT-2's size, from its start to 32 mentions at once.

This runs the real process with its Slack adapter and its SQLite file, and the tests' local Slack. It measures what
an operator sees: the time from the start to the first answer, how long 32 people who ask at the same moment wait
for a sign and for the answer, and the peak memory of daemon and model.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.model import save_endless
from benchmarks.processes import watch
from benchmarks.program import open_scratch, save_record
from benchmarks.wide import save_wide
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.engine.openvino.export import export
from supportbot.models.registry import starter_directory
from tests.e2e.daemon import Daemon, running
from tests.slack_server import LocalSlack

MENTIONS = 32

_QUESTION = "How do I return an item?"
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """A daemon that has given its first answer, and seconds from its start until it was ready and until then."""

    slack: LocalSlack
    daemon: Daemon
    ready: float
    answered: float


async def measure(home: Path, model: Path, endless: Path) -> dict[str, float]:
    """Start the daemon twice and return its figures; the models are exported before.

    Args:
        home: its home folder, initialised.
        model: one that answers as people are answered.
        endless: one whose answers are as long as they may be.
    """
    async with _started(home, model) as start:
        ready, first_answer = start.ready, start.answered
    async with _started(home, endless) as start:
        longest = start.answered
        with watch(start.daemon.process.pid) as use:
            asked = time.perf_counter()
            signs = await asyncio.gather(*(_ask(start.slack, number) for number in range(1, MENTIONS + 1)))
            took = time.perf_counter() - asked
    return {
        "ready_seconds": round(ready, 3),
        "first_answer_seconds": round(first_answer, 3),
        "longest_first_answer_seconds": round(longest, 3),
        "all_signed_seconds": round(max(signs), 3),
        "all_answered_seconds": round(took, 3),
        "peak_memory_mb": round(use.highest_mb, 1),
    }


@asynccontextmanager
async def _started(home: Path, model: Path) -> AsyncGenerator[Start]:
    settings = {
        "SUPPORTBOT_MODEL": str(model),
        "SUPPORTBOT_PRECISION": "int8",
        "OMP_NUM_THREADS": str(os.cpu_count() or 1),
    }
    async with LocalSlack() as slack:
        began = time.perf_counter()
        async with running(home, **settings, **slack.environment()) as daemon:
            ready = time.perf_counter()
            await slack.wait_until_connected(seconds=_SECONDS)
            await _ask(slack, 0)
            yield Start(slack, daemon, ready - began, time.perf_counter() - began)
            await slack.wait_for_acks()


async def _ask(slack: LocalSlack, number: int) -> float:
    """Ask and wait for the answer; return the seconds until the line "is thinking…"."""
    began = time.monotonic()
    # Each in its own channel: Slack takes one message a second per channel.
    asked = await slack.mention(f"C{number}", f"U{number}", _QUESTION)
    await slack.wait_for_message(thread_ts=asked.ts, seconds=_SECONDS)
    statuses = slack.calls("assistant.threads.setStatus")
    return min(call.at for call in statuses if call.arguments["thread_ts"] == asked.ts) - began


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    columns = {
        "ready_seconds": "ready",
        "first_answer_seconds": "first answer",
        "longest_first_answer_seconds": "the longest",
        "all_signed_seconds": f"{MENTIONS} have a sign after",
        "all_answered_seconds": f"{MENTIONS} answered after",
    }
    table = Table(*columns.values(), "memory", title="The daemon with a model of 124 million parameters, int8")
    figures = record["median"]
    table.add_row(*(f"{figures[name]:.1f} s" for name in columns), f"{figures['peak_memory_mb']:,.0f} MB")
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    starts: Annotated[int, typer.Option(min=1, help="Starts of the daemon.")] = 5,
    quick: Annotated[bool, typer.Option(help="A small model, one start: does it run?")] = False,
) -> None:
    """Measure the daemon from its start to many answers at once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    console = Console(stderr=True)
    with open_scratch() as scratch:
        runs = _measure(scratch, 1 if quick else starts, quick=quick, console=console)
    record = {
        "median": {name: median(run[name] for run in runs) for name in runs[0]},
        "starts": runs,
        "quick": quick,
        "machine": describe_machine(),
    }
    save_record(record, json_file)
    Console().print(build_table(record))


def _measure(scratch: Path, starts: int, *, quick: bool, console: Console) -> list[dict[str, float]]:
    model, endless = scratch / "model", scratch / "endless"
    if quick:
        model = starter_directory()
    else:
        save_wide(model)
    save_endless(endless, tiny=quick)
    runs = []
    for number in track(range(starts), "Starting the daemon", console=console, transient=True):
        settings = Settings(home=scratch / f"home-{number}")
        asyncio.run(initialise(settings))
        for directory in (model, endless):
            export(directory, settings.exports_dir, "int8")
        runs.append(asyncio.run(measure(settings.home, model, endless)))
    return runs


if __name__ == "__main__":
    typer.run(main)

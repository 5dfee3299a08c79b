"""``python -m benchmarks.daemon``: the daemon with a model of GPT-2's size, from its start to 32 mentions at once.

It is the real process with its Slack adapter and its SQLite file, and Slack is the local one of the tests. What is
measured is what an operator sees: how long a start takes to its first answer, how long 32 people wait who ask in
the same moment, and the most memory that daemon and model hold meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
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
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.engine.openvino.export import export
from supportbot.errors import SupportBotError
from tests.e2e.daemon import running
from tests.slack_server import LocalSlack

MENTIONS = 32

_QUESTION = "How do I return an item?"
_SECONDS = 120.0
_FAULT = 2


async def measure(home: Path, model: Path, threads: int) -> dict[str, float]:
    """Start the daemon once and return its figures; the model is exported before.

    Args:
        home: its home folder, initialised.
        model: directory in Hugging Face format.
        threads: processor cores that there are to use.
    """
    settings = {"SUPPORTBOT_MODEL": str(model), "SUPPORTBOT_PRECISION": "int8", "OMP_NUM_THREADS": str(threads)}
    async with LocalSlack() as slack:
        began = time.perf_counter()
        async with running(home, **settings, **slack.environment()) as daemon:
            ready = time.perf_counter()
            await slack.wait_until_connected(seconds=_SECONDS)
            first = await slack.mention("C0", "U0", _QUESTION)
            await slack.wait_for_message(thread_ts=first.ts, seconds=_SECONDS)
            answered = time.perf_counter()
            with watch(daemon.process.pid) as use:
                asked = time.perf_counter()
                await asyncio.gather(*(_ask(slack, number) for number in range(1, MENTIONS + 1)))
                took = time.perf_counter() - asked
            await slack.wait_for_acks()
    return {
        "ready_seconds": round(ready - began, 3),
        "first_answer_seconds": round(answered - began, 3),
        "all_answered_seconds": round(took, 3),
        "peak_memory_mb": round(use.highest_mb, 1),
    }


async def _ask(slack: LocalSlack, number: int) -> None:
    # Each in a channel of its own: Slack takes one message a second in each.
    asked = await slack.mention(f"C{number}", f"U{number}", _QUESTION)
    await slack.wait_for_message(thread_ts=asked.ts, seconds=_SECONDS)


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    columns = ("ready", "first answer", f"{MENTIONS} answered after", "memory")
    table = Table(*columns, title="The daemon with a model of 124 million parameters, int8")
    figures = record["median"]
    table.add_row(
        *(f"{figures[name]:.1f} s" for name in ("ready_seconds", "first_answer_seconds", "all_answered_seconds")),
        f"{figures['peak_memory_mb']:,.0f} MB",
    )
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    starts: Annotated[int, typer.Option(min=1, help="Starts of the daemon.")] = 5,
    quick: Annotated[bool, typer.Option(help="A small model, one start: does it run?")] = False,
) -> None:
    """Measure the daemon from its start to many answers at once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    console = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            runs = _measure(Path(scratch), 1 if quick else starts, quick=quick, console=console)
    except SupportBotError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_FAULT) from None
    record = {
        "median": {name: median(run[name] for run in runs) for name in runs[0]},
        "starts": runs,
        "quick": quick,
        "machine": describe_machine(),
    }
    json_file.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    Console().print(build_table(record))


def _measure(scratch: Path, starts: int, *, quick: bool, console: Console) -> list[dict[str, float]]:
    model = scratch / "model"
    save_endless(model, quick=quick)
    runs = []
    for number in track(range(starts), "Starting the daemon", console=console, transient=True):
        settings = Settings(home=scratch / f"home-{number}")
        asyncio.run(initialise(settings))
        export(model, settings.exports_dir, "int8")
        runs.append(asyncio.run(measure(settings.home, model, os.cpu_count() or 1)))
    return runs


if __name__ == "__main__":
    typer.run(main)

"""``python -m benchmarks.load``: overload, one person's flood, and a long run.

This runs the real daemon with its Slack adapter and its SQLite file; the tests' local Slack shares the machine.
First, with a model of GPT-2's size, eight people ask one question after the other, which gives the rate of
answers. Then ten times as many questions arrive, answered or not. Then, with the starter model, one person asks
500 times in one channel while another asks once elsewhere. Then people ask approved questions, on SQLite and on
PostgreSQL, as fast as they are answered. Last, the daemon takes as many questions as ``--soak`` says.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.load.crowd import Asked, Crowd
from benchmarks.load.readings import lag_ms, read
from benchmarks.load.verified import know_faq, measure_verified
from benchmarks.machine import describe_machine
from benchmarks.postgres import durable_server
from benchmarks.program import Telling, open_scratch, save_record
from benchmarks.wide import save_wide
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.db.session import Database
from tests.e2e.daemon import Daemon, running
from tests.slack_server import LocalSlack

CALM_ASKERS = 8
CALM_SECONDS = 30.0
OVERLOAD = 10
FLOOD = 500
PROMISED_SECONDS = 3.0
PATIENCE_SECONDS = 120.0
SOAK_AT_ONCE = 8
READINGS = 10

VERIFIED_SECONDS = 30.0


class Part(StrEnum):
    """What is measured."""

    OVERLOAD = "overload"
    FLOOD = "flood"
    VERIFIED = "verified"
    SOAK = "soak"


_SETTINGS = {
    "SUPPORTBOT_BUSY_SECONDS": "3",  # the default, which the tests' daemon lacks
    # So many at once would all be refused on arrival, and nothing else would be measured.
    "SUPPORTBOT_WORKSPACE_AT_ONCE": "0",
    "SUPPORTBOT_WORKSPACE_A_MINUTE": "0",
}

_NO_LIMITS = {
    "SUPPORTBOT_PERSON_AT_ONCE": "0",
    "SUPPORTBOT_PERSON_A_MINUTE": "0",
    "SUPPORTBOT_CHANNEL_AT_ONCE": "0",
    "SUPPORTBOT_CHANNEL_A_MINUTE": "0",
    "SUPPORTBOT_BUSY_SECONDS": "0",
}
"""For the flood: only turns protect others here, because limits would refuse most of it."""


async def measure_calm(crowd: Crowd, seconds: float) -> float:
    """Return the answers a second when nobody waits for anybody else."""
    end = time.monotonic() + seconds
    answered = 0

    async def one_after_the_other() -> None:
        nonlocal answered
        while time.monotonic() < end:
            if await crowd.wait(await crowd.ask(), PATIENCE_SECONDS) is not None:
                answered += 1

    began = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(CALM_ASKERS)))
    return answered / (time.monotonic() - began)


async def measure_overload(
    crowd: Crowd, daemon: Daemon, rate: float, seconds: float, progress: Progress
) -> dict[str, Any]:
    """Have people ask at a rate, answered or not; return their times and the daemon's figures."""
    before = await read(daemon.page, daemon.process.pid)
    asked: list[Asked] = []
    highest = before.rss_mb
    bar = progress.add_task(f"{rate:.0f} questions a second", total=seconds)
    began = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        due = int((now - began) * rate)
        while len(asked) < due:
            asked.append(await crowd.ask())
        progress.update(bar, completed=now - began)
        if len(asked) % 50 == 0:
            highest = max(highest, (await read(daemon.page, daemon.process.pid)).rss_mb)
        await asyncio.sleep(0.01)
    end = time.monotonic() + PATIENCE_SECONDS
    for one in asked:
        await crowd.wait(one, end - time.monotonic())
    after = await read(daemon.page, daemon.process.pid)
    progress.remove_task(bar)
    acks = sorted(took for one in asked if (took := one.ack_seconds) is not None)
    words = [took for one in asked if (took := one.seconds) is not None]
    return {
        "questions_a_second": round(rate, 1),
        "questions": len(asked),
        "without_a_word": len(asked) - len(words),
        "busy": sum(one.busy for one in asked),
        "ack_ms": {"p50": _at(acks, 0.5), "p99": _at(acks, 0.99)},
        "word_s": {"p50": round(statistics.median(words), 3), "max": round(max(words), 3)},
        "answered_or_busy_within_3s": round(sum(one <= PROMISED_SECONDS for one in words) / len(asked), 4),
        "rss_growth": round(max(highest, after.rss_mb) / before.rss_mb - 1, 4),
        "loop_lag_ms_p99": lag_ms(before, after, 0.99),
    }


async def measure_flood(crowd: Crowd) -> float | None:
    """Return how long somebody waits while another person floods another channel."""
    for _ in range(FLOOD):
        await crowd.ask(channel="CFLOOD", user="UFLOOD")
    return await crowd.wait(await crowd.ask(channel="COTHER", user="UOTHER"), PATIENCE_SECONDS)


async def soak(crowd: Crowd, daemon: Daemon, questions: int, progress: Progress) -> list[dict[str, float]]:
    """Have so many questions answered; return memory, descriptors and tasks, ten times during the run."""
    readings = []
    bar = progress.add_task("A long run", total=questions)
    for part in range(READINGS):
        left = iter(range(questions // READINGS))

        async def next_ones(left: Any = left) -> None:
            for _ in left:
                await crowd.wait(await crowd.ask(), PATIENCE_SECONDS)
                progress.advance(bar)

        await asyncio.gather(*(next_ones() for _ in range(SOAK_AT_ONCE)))
        reading = await read(daemon.page, daemon.process.pid)
        readings.append(
            {
                "questions": (part + 1) * (questions // READINGS),
                "rss_mb": round(reading.rss_mb, 1),
                "descriptors": reading.descriptors,
                "tasks": reading.tasks,
            }
        )
    progress.remove_task(bar)
    return readings


async def _measure(
    scratch: Path,
    seconds: float,
    questions: int,
    parts: Collection[Part],
    progress: Progress,
    keep: Callable[[dict[str, Any]], None],
    *,
    quick: bool,
) -> dict[str, Any]:
    record: dict[str, Any] = {}
    home = scratch / "home"
    await initialise(Settings(home=home))
    if Part.OVERLOAD in parts:
        async with _asking(home, **_make_model(scratch, quick=quick)) as (crowd, daemon):
            rate = await measure_calm(crowd, min(seconds, CALM_SECONDS))
            record |= await measure_overload(crowd, daemon, OVERLOAD * rate, seconds, progress)
            record["capacity_a_second"] = round(rate, 2)
    if Part.FLOOD in parts:
        async with _asking(home, SUPPORTBOT_MODEL="starter", **_NO_LIMITS) as (crowd, daemon):
            waited = await measure_flood(crowd)
            record["other_channel_wait_s"] = None if waited is None else round(waited, 3)
    if Part.VERIFIED in parts:
        record["verified"] = await _measure_verified(scratch, min(seconds, VERIFIED_SECONDS), progress)
    if Part.SOAK in parts:
        keep(record)  # the long run takes the longest by far
        async with _asking(home, SUPPORTBOT_MODEL="starter", **_NO_LIMITS) as (crowd, daemon):
            record["soak"] = await soak(crowd, daemon, questions, progress)
    return record


async def _measure_verified(scratch: Path, seconds: float, progress: Progress) -> dict[str, Any]:
    record = {}
    with durable_server() as server:
        for name, address in (("sqlite", {}), ("postgresql", {"SUPPORTBOT_DATABASE_URL": server})):
            home = scratch / name
            settings = Settings(home=home, database_url=address.get("SUPPORTBOT_DATABASE_URL"))
            await initialise(settings)
            database = Database(settings.sqlalchemy_url)
            try:
                answers = await know_faq(database, scratch)
                async with _asking(home, **_NO_LIMITS, **address) as (crowd, daemon):
                    while (await daemon.read_until("knowledge.calibrated"))["entries"] < answers:
                        pass  # of the encoded ones so far
                    record[name] = await measure_verified(crowd, daemon, database, seconds, progress, name)
            finally:
                await database.aclose()
    return record


def _make_model(scratch: Path, *, quick: bool) -> dict[str, str]:
    if quick:
        return {"SUPPORTBOT_MODEL": "starter"}
    save_wide(scratch / "model")
    return {"SUPPORTBOT_MODEL": str(scratch / "model"), "SUPPORTBOT_PRECISION": "int8"}


@asynccontextmanager
async def _asking(home: Path, **settings: str) -> AsyncGenerator[tuple[Crowd, Daemon]]:
    async with LocalSlack() as slack, running(home, **_SETTINGS | settings, **slack.environment()) as daemon:
        await slack.wait_until_connected(seconds=PATIENCE_SECONDS)
        crowd = Crowd(slack)
        async with crowd.watching():
            await crowd.wait(await crowd.ask(), PATIENCE_SECONDS)  # the first one of a process takes longer
            yield crowd, daemon


def _at(ordered: list[float], share: float) -> float | None:
    """Return a percentile in ms."""
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table("", "measured", "promised", title="The daemon beyond its capacity")
    if "ack_ms" in record:
        table.add_row("answer or busy within 3 s", f"{record['answered_or_busy_within_3s']:.1%}", "100 %")
        table.add_row("acknowledged, p50 / p99", "{p50} / {p99} ms".format(**record["ack_ms"]), "p99 ≤ 500 ms")
        table.add_row("memory grew by", f"{record['rss_growth']:.1%}", "≤ 10 %")
        table.add_row("lag of the event loop, p99", f"≤ {record['loop_lag_ms_p99']:g} ms", "≤ 50 ms")
    if "other_channel_wait_s" in record:
        table.add_row("another channel waits", f"{record['other_channel_wait_s']} s", "< 2 s")
    for name, figures in record.get("verified", {}).items():
        table.add_row(f"verified answers a second, {name}", f"{figures['verified_a_second']:g}", "≥ 200")
        table.add_row("  acknowledged, p50 / p99", "{p50} / {p99} ms".format(**figures["ack_ms"]), "p99 ≤ 500 ms")
        cores = f"{figures['daemon_cores']} of {figures['all_cores']}"
        table.add_row("  busy cores, the daemon's of all", cores, "")
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    seconds: Annotated[float, typer.Option(min=5, help="How long too many people come.")] = 300.0,
    soak_questions: Annotated[
        int, typer.Option("--soak", min=READINGS, help="Questions of the long run.")
    ] = 100_000,
    only: Annotated[list[Part] | None, typer.Option(help="This part; again for another one.")] = None,
    quick: Annotated[bool, typer.Option(help="Seconds instead of minutes: does it run?")] = False,
) -> None:
    """Measure what people see under overload."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    rest = {"quick": quick, "machine": describe_machine()}

    def keep(record: dict[str, Any]) -> None:
        save_record(record | rest, json_file)

    with open_scratch() as scratch, Telling() as progress:
        questions = 40 if quick else soak_questions
        parts = frozenset(only or Part)
        record = asyncio.run(
            _measure(scratch, 8.0 if quick else seconds, questions, parts, progress, keep, quick=quick)
        )
    keep(record)
    Console().print(build_table(record))


if __name__ == "__main__":
    typer.run(main)

"""``python -m benchmarks.chaos``: ten minutes of everything at once, and every answer is counted.

This runs the real daemon with two copies of the starter, on SQLite. Slack or Discord is the tests' local one,
behind a connection that breaks. People ask all the time. At the end everybody must have one answer, except those
whom the platform told that there is none, and nothing of an erased person may be left.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from signal import Signals
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from benchmarks.chaos.deeds import VERSIONS, Strands
from benchmarks.crash.__main__ import Platform
from benchmarks.crash.crowd import Crowd
from benchmarks.crash.lives import Lives
from benchmarks.crash.places import PLACES
from benchmarks.crash.trial import ANSWER_SECONDS, SETTINGS
from benchmarks.crash.verdict import Outcome, settle
from benchmarks.machine import describe_machine
from benchmarks.program import Telling, open_scratch, save_record
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.models.registry import Registry, starter_directory
from tests.network.proxy import Proxy
from tests.versions import install_version

_QUICK_SECONDS = 20.0


async def run_chaos(
    platform: str, seconds: float, seed: int, home: Path, on_deed: Callable[[], None]
) -> dict[str, Any]:
    """Let everything happen to a bot for so long; return the outcome.

    Args:
        platform: where people ask.
        seconds: for how long.
        seed: of what is random.
        home: of the daemon, which is made.
        on_deed: called after each deed.
    """
    settings = Settings(home=home)
    await initialise(settings)
    registry = Registry(settings.models_dir)
    for version in VERSIONS:
        install_version(registry, starter_directory(), version)
    registry.activate(VERSIONS[0])
    source = random.Random(seed)  # noqa: S311 - no secret
    outcome = Outcome()
    place = PLACES[platform]()
    async with place, Proxy(place.port) as line:
        place.stand_behind(line.port)
        crowd = Crowd(place, source)
        environment = {**SETTINGS, **place.settings}
        del environment["SUPPORTBOT_MODEL"]  # the live version, which is switched
        async with crowd.listening():
            lives = Lives([home], environment, Signals.SIGKILL, place, crowd, source, outcome)
            strands = Strands(home, lives, line, place, crowd, source, on_deed)
            async with lives:
                async with crowd.asking():
                    await strands.run(seconds)
                await crowd.until_open(lambda waiting: not waiting, ANSWER_SECONDS)
                database = Database(settings.sqlalchemy_url)
                outcome.database = await settle(database, ANSWER_SECONDS)
                left = await _count_left(database, strands.erased)
                await database.aclose()
    return {
        "happened": dict(sorted(strands.happened.items())),
        "questions": len(crowd.asked),
        "lost": outcome.database.unfinished + outcome.database.undelivered,
        "doubled": sum(one.answers > 1 for one in crowd.asked) + crowd.strays,
        "unanswered": len(crowd.open),
        "erased_but_found": left,
        "told": outcome.database.told,
        "set_aside": outcome.database.set_aside,
        "unclean": outcome.unclean,
    }


async def _count_left(database: Database, erased: list[str]) -> int:
    async with database.read() as session:
        statement = select(func.count()).select_from(Question).where(Question.asker.in_(erased))
        return await session.scalar(statement) or 0


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table("", "times", "promised", title=f"{record['seconds']:.0f} s of everything at once")
    for name, count in record["happened"].items():
        table.add_row(name, str(count), "")
    table.add_row("questions", str(record["questions"]), "")
    for name in ("lost", "doubled", "unanswered", "erased_but_found", "unclean"):
        table.add_row(name.replace("_", " "), str(record[name]), "0")
    table.add_row("told why there is no answer", str(record["told"]), "few")
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long.")] = 10.0,
    platform: Annotated[Platform, typer.Option(help="Where people ask.")] = Platform.SLACK,
    seed: Annotated[int, typer.Option(help="Of what is random.")] = 1,
    quick: Annotated[bool, typer.Option(help="Seconds instead of minutes: does it run?")] = False,
) -> None:
    """Let everything happen at once, and count what was lost and what was doubled."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    seconds = _QUICK_SECONDS if quick else 60 * minutes
    began = time.monotonic()
    with open_scratch() as scratch, Telling() as progress:
        bar = progress.add_task("Everything at once", total=seconds)

        def on_deed() -> None:
            progress.update(bar, completed=min(seconds, time.monotonic() - began))

        record = asyncio.run(run_chaos(platform, seconds, seed, scratch / "home", on_deed))
    record = {
        "platform": platform,
        "seed": seed,
        **record,
        "seconds": round(time.monotonic() - began, 1),
        "quick": quick,
        "machine": describe_machine(),
    }
    save_record(record, json_file)
    Console().print(build_table(record))
    if any(record[name] for name in ("lost", "doubled", "unanswered", "erased_but_found", "unclean")):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

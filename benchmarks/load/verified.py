"""How many verified answers a second the whole bot gives, on SQLite and on PostgreSQL, and what limits it.

Each person asks, waits for the answer, and asks again, in their own channel. This measures the way from the event
to the reply in Slack, without a model.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.progress import Progress
from sqlalchemy import func, select

from benchmarks.load.crowd import Asked, Crowd
from supportbot.db.models import Answer
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.feedback.curation.contradictions import Keep
from supportbot.feedback.curation.imports import import_rows
from tests.e2e.daemon import Daemon
from training.starter.data import load_faq

ASKERS = 64
"""Enough that the bot always has work, whatever it waits for."""

_EVERY = 3
"""Of the wordings of each answer; the crowd asks all of them, so most are not known word for word."""

_WARM_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Counted:
    """A reading: the number of approved answers given, and the processor seconds of each process."""

    at: float
    approved: int
    daemon: float
    database: float
    machine: float


async def know_faq(database: Database, scratch: Path) -> int:
    """Import a FAQ with every third of its wordings; return the number of its answers."""
    file = scratch / "faq.jsonl"
    rows = (
        {"question": wording, "answer": topic.answer}
        for topic in load_faq().topics
        for wording in topic.wordings[::_EVERY]
    )
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return (await import_rows(database, file, approved_by="benchmark", prefer=Keep.BOTH)).answers


async def measure_verified(
    crowd: Crowd, daemon: Daemon, database: Database, seconds: float, bar: Progress, name: str
) -> dict[str, Any]:
    """Have people ask known questions, one after the other.

    Args:
        crowd: the people.
        daemon: answers them.
        database: of the daemon.
        seconds: how long they ask.
        bar: shows progress.
        name: of the database.

    Returns:
        Verified answers and all answers a second, and the milliseconds until Slack has the acknowledgement and the
        answer. Also the cores that the daemon, PostgreSQL and everything together kept busy, and the milliseconds
        of one core for each answer.
    """
    task = bar.add_task(f"Verified answers, {name}", total=seconds)
    end = time.monotonic() + _WARM_UP_SECONDS + seconds
    done: list[Asked] = []

    async def one_after_the_other() -> None:
        while time.monotonic() < end:
            asked = await crowd.ask()
            if await crowd.wait(asked, seconds) is not None:
                done.append(asked)

    async with asyncio.TaskGroup() as group:
        for _ in range(ASKERS):
            group.create_task(one_after_the_other())
        await asyncio.sleep(_WARM_UP_SECONDS)
        before = await _count(daemon, database)
        while (left := end - time.monotonic()) > 0:
            bar.update(task, completed=seconds - left)
            await asyncio.sleep(min(left, 0.5))
        after = await _count(daemon, database)
    bar.remove_task(task)
    took = after.at - before.at
    measured = [asked for asked in done if before.at <= asked.at < after.at]
    acks = sorted(1000 * ack for asked in measured if (ack := asked.ack_seconds) is not None)
    answers = sorted(1000 * wait for asked in measured if (wait := asked.seconds) is not None)
    return {
        "verified_a_second": round((after.approved - before.approved) / took, 1),
        "answered_a_second": round(len(measured) / took, 1),
        "ack_ms": _spread(acks),
        "answer_ms": _spread(answers),
        "daemon_cores": round((after.daemon - before.daemon) / took, 2),
        "database_cores": round((after.database - before.database) / took, 2),
        "all_cores": round((after.machine - before.machine) / took, 2),
        "daemon_ms": round(1000 * (after.daemon - before.daemon) / max(1, len(measured)), 2),
        "database_ms": round(1000 * (after.database - before.database) / max(1, len(measured)), 2),
    }


async def _count(daemon: Daemon, database: Database) -> _Counted:
    async with database.read() as session:
        approved = await session.scalar(
            select(func.count()).select_from(Answer).where(Answer.source == AnswerSource.APPROVED)
        )
    servers = [one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres"]
    busy = psutil.cpu_times()
    return _Counted(
        time.monotonic(),
        approved or 0,
        _seconds(psutil.Process(daemon.process.pid)),
        sum(_seconds(server) for server in servers),
        busy.user + busy.system,
    )


def _seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def _spread(ordered: list[float]) -> dict[str, float]:
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }

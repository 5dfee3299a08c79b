"""The database's record of a run: its arguments, its rows and its losses.

Rows are written in short transactions of a few thousand, so that a bot on the same SQLite file can write too.

This module knows no model and no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, update

from supportbot.db.models import RunExample, TrainingRun
from supportbot.db.session import Database

_ROWS = 5_000


async def begin_record(
    database: Database,
    arguments: Mapping[str, Any],
    fingerprint: str,
    example_ids: Iterable[int],
    *,
    started_at: datetime | None = None,
) -> int:
    """Record a run that begins, or began at ``started_at``, with its training rows; return its id."""
    async with database.write() as session:
        run = TrainingRun(
            arguments=dict(arguments),
            dataset_fingerprint=fingerprint,
            started_at=started_at or datetime.now(UTC),
        )
        session.add(run)
        await session.flush()
        run_id = run.id
    remaining = iter(example_ids)
    while ids := list(islice(remaining, _ROWS)):
        async with database.write() as session:
            await session.execute(
                insert(RunExample), [{"run_id": run_id, "example_id": example_id} for example_id in ids]
            )
    return run_id


async def finish_record(database: Database, run_id: int, loss_history: list[dict[str, Any]]) -> None:
    """Record the end of a run."""
    async with database.write() as session:
        await session.execute(
            update(TrainingRun)
            .where(TrainingRun.id == run_id)
            .values(loss_history=loss_history, finished_at=datetime.now(UTC))
        )

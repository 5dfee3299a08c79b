"""What a daemon does by itself, so that what is erased is gone for good: old conversations, and the file.

A click in chat erases rows at once and rings here; the file is then written again, at once if it is small. A large
one is written again once a day, since nobody else can write meanwhile, and a very large one only by an operator.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select

from supportbot.db import audit
from supportbot.db.clock import now as database_now
from supportbot.db.models import Audit
from supportbot.db.session import Database
from supportbot.intake.erased import forget_old
from supportbot.privacy.compacting import Compacted, compact, empty_log, size_of
from supportbot.privacy.retention import BY, erase_old

log = structlog.get_logger(__name__)

SMALL_BYTES = 64 * 2**20
"""Up to this size a file is written again in less than a second."""

MOST_BYTES = 512 * 2**20
"""Beyond this size that would take longer than others wait for the write lock (``db.session``)."""

_LOOK_SECONDS = 3600.0
_COMPACT_EVERY = timedelta(days=1)
_ERASING = ("privacy.erase", "privacy.retention")
_COMPACTING = "privacy.compact"


class Upkeep:
    """The loop.

    Args:
        database: what is kept.
        days: conversations older than this go; None to keep them for ever.
    """

    def __init__(self, database: Database, days: int | None) -> None:
        self._database = database
        self._days = days
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Look every hour, and when it rings, until cancelled."""
        while True:
            self.wake.clear()
            try:
                await self.look()
            except Exception:
                # A full disk or a restarting PostgreSQL: what is too old now is so in an hour.
                log.exception("privacy.upkeep_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self.wake.wait()

    async def look(self) -> None:
        """Erase what is too old, and have the database forget what was erased."""
        if self._days is not None and (gone := await erase_old(self._database, self._days)):
            log.info("privacy.retention", **{kind.replace(" ", "_"): count for kind, count in gone.items()})
        async with self._database.write() as session:
            await forget_old(session, await database_now(session))
        if not await is_compacting_due(self._database):
            return
        size = size_of(self._database)
        if size > SMALL_BYTES and (size > MOST_BYTES or not await self._is_long_ago()):
            if size > MOST_BYTES:
                log.warning("privacy.compacting_due", remedy="supportbot privacy compact")
            compacted = await empty_log(self._database)
        else:
            compacted = await compact_noting(self._database, BY if self._days is not None else "supportbot")
        if compacted.problem:
            log.warning("privacy.not_compacted", problem=compacted.problem)

    async def _is_long_ago(self) -> bool:
        async with self._database.read() as session:
            last = await session.scalar(select(func.max(Audit.at)).where(Audit.action == _COMPACTING))
        return last is None or datetime.now(UTC) - last > _COMPACT_EVERY


async def is_compacting_due(database: Database) -> bool:
    """Return whether something was erased since the database was written again."""
    query = select(func.max(Audit.id))
    async with database.read() as session:
        erased = await session.scalar(query.where(Audit.action.in_(_ERASING)))
        compacted = await session.scalar(query.where(Audit.action == _COMPACTING))
    return erased is not None and (compacted is None or erased > compacted)


async def compact_noting(database: Database, by: str) -> Compacted:
    """Write the database again, and note in the audit that it was done."""
    compacted = await compact(database)
    if compacted.is_whole:
        async with database.write() as session:
            audit.record(session, actor=by, action=_COMPACTING, subject="database")
    return compacted

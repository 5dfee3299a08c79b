"""When knowledge leaves memory: on PostgreSQL with pgvector, once there are too many wordings to compare them all.

The index in memory goes on answering until the table in the database is filled and its own index is built, which
takes minutes, once. A later start finds that done and never reads the wordings. Where pgvector can't be used, one
line in the log says what to do. This module knows neither questions nor what is done with the index.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from supportbot.db.session import Database
from supportbot.errors import DatabaseError
from supportbot.knowledge import store, vector_search
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.stored_index import StoredIndex
from supportbot.knowledge.vector_table import VectorTable

log = structlog.get_logger(__name__)

MOST_IN_MEMORY = 100_000
"""Wordings up to which all of them are compared in memory."""

_AGAIN_SECONDS = 60.0
"""Pause after the table could not be filled."""


class Mover:
    """Finds the index in the database, or makes it.

    Args:
        database: of any kind; on SQLite there is nothing to find.
        wrong_rate: see ``calibration.calibrate``.
        most_in_memory: wordings from which on the database is asked.
    """

    def __init__(self, database: Database, *, wrong_rate: float, most_in_memory: int) -> None:
        self._database = database
        self.wrong_rate = wrong_rate
        self._most_in_memory = most_in_memory
        self._table: VectorTable | None = None
        self._made: StoredIndex | None = None
        self._making: asyncio.Task[None] | None = None
        self._refusal = ""

    async def find(
        self, revision: int, open_encoder: Callable[[], Awaitable[TextEncoder | None]]
    ) -> StoredIndex | None:
        """Return the index in the database, calibrated, if the knowledge is too large for memory and it is there.

        Args:
            revision: that the caller has already; nothing is looked at while there is no newer one.
            open_encoder: called if there is something to search.
        """
        if self._made is not None or self._database.is_sqlite:
            return self._made
        async with self._database.read() as session:
            if await store.current_revision(session) == revision:
                return None
            wordings, _ = await vector_search.count(session)
        if wordings <= self._most_in_memory:
            self._table = None
            return None
        if self._table is None and (encoder := await open_encoder()) is not None:
            await self._open(encoder)
        if self._table is not None and await self._table.is_indexed():
            self._made = await self._calibrated(self._table)
        return self._made

    def start(self) -> None:
        """Make the index in the background, if ``find`` missed it."""
        if self._table is not None and self._made is None and self._making is None:
            self._making = asyncio.create_task(self._make(self._table), name="knowledge-move")

    async def aclose(self) -> None:
        """Stop making it."""
        if self._making is not None:
            self._making.cancel()
            with suppress(asyncio.CancelledError):
                await self._making

    async def _open(self, encoder: TextEncoder) -> None:
        try:
            self._table = await VectorTable.open(self._database, encoder)
        except DatabaseError as error:
            if str(error) != self._refusal:  # said once, not with every change
                log.warning("knowledge.kept_in_memory", why=str(error))
            self._refusal = str(error)

    async def _make(self, table: VectorTable) -> None:
        try:
            stored = StoredIndex(table, wrong_rate=self.wrong_rate)
            while not await stored.follow(0):
                pass
            await table.build_index()
            self._made = await self._calibrated(table)
            log.info("knowledge.moved", wordings=self._made.wordings)
        except Exception:
            log.exception("knowledge.move_failed")
            await asyncio.sleep(_AGAIN_SECONDS)
        self._making = None

    async def _calibrated(self, table: VectorTable) -> StoredIndex:
        async with self._database.read() as session:
            foreign = await store.foreign_questions(session)
        stored = StoredIndex(table, wrong_rate=self.wrong_rate)
        await stored.calibrate(foreign)
        return stored

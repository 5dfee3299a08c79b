"""What the model that answers may repeat, told again whenever the knowledge changes.

A model gets the approved answers that may be given anywhere, to be faster where it repeats one; that changes no
answer. An answer may leave that list because somebody was erased, a consent was withdrawn, or a curator changed
it. Then the model's process forgets it within two seconds: each of these increases the revision of the knowledge,
which is checked once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from supportbot.db.session import Database
from supportbot.engine.base import Engine
from supportbot.feedback.curation.store import approved_answers
from supportbot.knowledge.store import current_revision

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class Expectations:
    """Keeps the model that answers told.

    Args:
        database: where the knowledge is.
        engine: returns the engine that answers now.
    """

    def __init__(self, database: Database, engine: Callable[[], Engine]) -> None:
        self._database = database
        self._engine = engine
        self._told: tuple[Engine, list[str]] | None = None
        self._seen: tuple[Engine, int] | None = None

    async def run(self) -> None:
        """Follow the knowledge until cancelled."""
        while True:
            try:
                await self.follow()
            except Exception:
                # A restarting PostgreSQL, or a full disk: what was told stays told until it can be read again.
                log.exception("model.expectations_not_read")
            await asyncio.sleep(POLL_SECONDS)

    async def follow(self) -> None:
        """Look once, and tell the model if there is something else to tell."""
        engine = self._engine()
        async with self._database.read() as session:
            seen = engine, await current_revision(session)
        if seen == self._seen:
            return
        told = engine, await approved_answers(self._database)
        if told != self._told:
            engine.expect(told[1])
        self._seen, self._told = seen, told

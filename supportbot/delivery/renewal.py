"""Keeps the claims of this process alive for as long as it lives, however slow it is.

A claim lasts only a few seconds, so that another daemon takes over the work of a dead one at once. A separate
thread renews the claims, so that a busy event loop does not lose them. Work whose outcome could not be stored is
not renewed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Engine, update

from supportbot.db.clock import now_of
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.models import Question
from supportbot.db.session import Database, create_blocking_engine
from supportbot.db.states import OutboxState, QuestionState
from supportbot.delivery.outbox import Outbox
from supportbot.faults import describe
from supportbot.intake.inbox import Inbox

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=4)
"""With the second in which another daemon looks, what a dead one had in hand waits for five at most."""

RENEW_SECONDS = 1.0
"""Three renewals may fail before a claim is lost."""

_STOP_SECONDS = 5.0
"""For the renewal that is in progress."""


class Renewal:
    """Renews claims while the ``async with`` block lasts.

    Args:
        database: that the claims stand in; this opens a connection of its own.
        owner: unique name of this process, as written on its claims.
        inbox: says which questions are in hand.
        outbox: says which replies are.
        lease: until when a renewed claim holds.
        every: seconds between two renewals.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        inbox: Inbox,
        outbox: Outbox,
        *,
        lease: timedelta = LEASE,
        every: float = RENEW_SECONDS,
    ) -> None:
        self._database = database
        self._owner = owner
        self._inbox = inbox
        self._outbox = outbox
        self._lease = lease
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="renewal", daemon=True)

    async def __aenter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End; claims that are still held run out."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join, _STOP_SECONDS)

    def _run(self) -> None:
        engine = create_blocking_engine(self._database.url)
        has_failed = False
        try:
            while not self._stop.wait(self._every):
                questions, replies = self._inbox.held, self._outbox.held
                if not questions and not replies:
                    continue
                try:
                    self._renew(engine, questions, replies)
                    has_failed = False
                except Exception as error:
                    # The database is away, so nobody else can take the claims over either.
                    if not has_failed:
                        log.warning("renewal.failed", error=describe(error))
                    has_failed = True
        finally:
            engine.dispose()

    def _renew(self, engine: Engine, questions: Collection[int], replies: Collection[int]) -> None:
        with engine.begin() as connection:
            until = now_of(connection) + self._lease
            if questions:
                connection.execute(
                    update(Question)
                    .where(
                        Question.id.in_(questions),
                        Question.lease_owner == self._owner,
                        Question.state == QuestionState.ANSWERING,
                    )
                    .values(lease_until=until)
                )
            if replies:
                connection.execute(
                    update(OutboxRow)
                    .where(
                        OutboxRow.id.in_(replies),
                        OutboxRow.lease_owner == self._owner,
                        OutboxRow.state == OutboxState.PENDING,
                    )
                    .values(due_at=until)
                )

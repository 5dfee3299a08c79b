"""Reminds the people who were asked: once, after the minutes that the policy sets, within working hours. A loop of
the daemon. The reminder goes through the outbox, in the transaction that notes it, so that several daemons remind
once, and a process that ends loses none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Connection, select

from supportbot.db.base import table_of
from supportbot.db.clock import now as database_now
from supportbot.db.clock import now_of
from supportbot.db.looking import look_repeatedly
from supportbot.db.models import Handoff, Outbox
from supportbot.db.session import Database
from supportbot.db.states import HandoffState, OutboxKind
from supportbot.handoffs.listing import count_open
from supportbot.handoffs.schedule import reminder_due
from supportbot.intake.replies import pending
from supportbot.policies.layers import effective
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

LOOK_SECONDS = 20.0
"""The policy counts minutes, so nobody notices a third of one."""

_PAGE = 500


class Reminders:
    """The loop.

    Args:
        database: where hand-offs are kept.
        ring: called with the platform whenever a reminder was put into its outbox.
    """

    def __init__(self, database: Database, ring: Callable[[str], None] = lambda platform: None) -> None:
        self._database = database
        self._ring = ring

    async def run(self) -> None:
        """Look regularly, until cancelled."""
        await look_repeatedly(self.look, LOOK_SECONDS, "handoff.reminders_failed")

    async def look(self) -> int:
        """Remind of what is due; return of how many."""
        metrics.HANDOFFS_OPEN.set(await count_open(self._database))
        due: list[int] = []
        last = 0
        while rows := await self._open_after(last):
            last = rows[-1].id
            async with self._database.read() as session:
                now = await database_now(session)
                for row in rows:
                    policy = await effective(session, row.workspace_id, row.channel)
                    if reminder_due(policy, row.asked_at, now):
                        due.append(row.id)
        reminded = 0
        for handoff_id in due:
            platform = await self._database.commit(partial(_remind, handoff_id))
            if platform is not None:
                reminded += 1
                self._ring(platform)
                log.info("handoff.reminded", handoff_id=handoff_id)
        return reminded

    async def _open_after(self, last: int) -> list[Handoff]:
        """Return hand-offs that nobody has answered or was reminded of, and whose message is there."""
        query = (
            select(Handoff)
            .where(
                Handoff.id > last,
                Handoff.state == HandoffState.OPEN,
                Handoff.reminded_at.is_(None),
                Handoff.post_identity.is_not(None),
            )
            .order_by(Handoff.id)
            .limit(_PAGE)
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))


def _remind(handoff_id: int, connection: Connection) -> str | None:
    """Write a reminder, and return the platform that it goes to; None if it is not needed any more."""
    handoff = table_of(Handoff)
    now = now_of(connection)
    row = connection.execute(
        handoff.update()
        .where(
            handoff.c.id == handoff_id,
            handoff.c.state == HandoffState.OPEN,
            handoff.c.reminded_at.is_(None),
        )
        .values(reminded_at=now)
        .returning(handoff.c.question_id, handoff.c.platform, handoff.c.target, handoff.c.post_identity)
    ).one_or_none()
    if row is None:
        return None
    post = select(Outbox.note, Outbox.channel, Outbox.answer_id).where(
        Outbox.question_id == row.question_id, Outbox.kind == OutboxKind.POST
    )
    asked = connection.execute(post).one()
    note = {**(asked.note or {}), "post": row.post_identity}
    reminder = pending(
        row.question_id,
        asked.answer_id,
        row.platform,
        "",
        now,
        kind=OutboxKind.REMINDER,
        channel=asked.channel,
        note=note,
    )
    connection.execute(table_of(Outbox).insert(), [reminder])
    return str(row.platform)

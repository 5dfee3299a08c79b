"""The durable outbox: replies that must reach the platform, each exactly once.

A reply is claimed by moving its ``due_at`` into the future: that process may try to send it, and if it dies the
reply is due again. A crash is always possible between the platform's acceptance and our record of it. So a later
attempt is marked as such, and the platform's sender first looks for its own mark.

A process that lost a claim, because it could not renew it in time, no longer decides about the reply, with one
exception: it may record that the reply was shown, since that is true whoever did it.

Each channel gets one reply at a time, and none while the channel has a pause; ``lanes`` says which is
next. So a channel with a hundred replies does not delay the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, bindparam, select, update

from supportbot.db.base import UtcDateTime, table_of
from supportbot.db.clock import now as database_now
from supportbot.db.clock import now_of
from supportbot.db.models import Channel, Question
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.session import Database
from supportbot.db.states import OutboxKind, OutboxState, QuestionState
from supportbot.delivery import shown
from supportbot.delivery.claiming import LAPSES, NEXT, SUSPECT, SUSPECT_LAPSES, Delivery, take
from supportbot.delivery.lanes import IS_DUE, is_channel_of
from supportbot.delivery.noting import Shown, note_shown

MOST_LAPSES = 5
"""More than a question has: giving up a reply that did nothing loses an answer."""


class Outbox:
    """Replies in the database.

    Args:
        database: where they are kept.
        owner: unique name of this process, written on its claims.
        lease: how long a claim holds unless it is renewed; see ``renewal``.
    """

    def __init__(self, database: Database, owner: str, lease: timedelta) -> None:
        self._database = database
        self._owner = owner
        self._lease = lease
        self._held: set[int] = set()

    @property
    def held(self) -> frozenset[int]:
        """The replies that this process is sending; may be read from any thread."""
        return frozenset(self._held.copy())

    async def claim(self, platform: str, limit: int) -> list[Delivery]:
        """Take up to ``limit`` replies of a platform that are due, one of each channel."""
        return await self._claim(platform, NEXT, limit)

    async def claim_suspect(self, platform: str) -> Delivery | None:
        """Take a reply that was on its way when processes ended, for it may be what ended them.

        To be called while nothing else is on its way here, so that nothing else suffers from it.
        """
        deliveries = await self._claim(platform, SUSPECT, limit=1)
        return deliveries[0] if deliveries else None

    async def has_suspect(self, platform: str) -> bool:
        """Return whether ``claim_suspect`` would find one."""
        async with self._database.read() as session:
            now = await database_now(session)
            found = await session.scalar(
                select(OutboxRow.id)
                .where(OutboxRow.platform == platform, LAPSES >= SUSPECT_LAPSES, IS_DUE)
                .limit(1),
                {"now": now},
            )
        return found is not None

    async def _claim(self, platform: str, statement: Select[int], limit: int) -> list[Delivery]:
        values = {"platform": platform, "limit": limit, "held": list(self._held)}
        deliveries = await self._database.commit(partial(take, statement, values, self._owner, self._lease))
        self._held.update(delivery.outbox_id for delivery in deliveries)
        return deliveries

    async def delivered(
        self,
        outbox_id: int,
        reply_identity: str,
        *,
        pause: float = 0.0,
        kind: OutboxKind = OutboxKind.REPLY,
    ) -> None:
        """Note that a reply is on the platform, and under which identity; its channel then has a pause."""
        self._held.discard(outbox_id)

        reply = Shown(outbox_id=outbox_id, identity=reply_identity, pause=pause)
        if kind not in shown.NAMED:
            await self._database.commit_together(note_shown, reply)
            return

        def note(connection: Connection) -> None:
            # First, in the order in which others lock these rows.
            connection.execute(shown.NAMED[kind], {"outbox_id": outbox_id, "identity": reply_identity})
            note_shown(connection, [reply])

        await self._database.commit(note)

    async def postpone(
        self, outbox_id: int, delay: timedelta, error: str, *, unsent: bool, pause: float = 0.0
    ) -> None:
        """Make a reply due again after ``delay``; if it is certainly ``unsent``, this was no attempt.

        Args:
            outbox_id: claimed by this process; nothing happens if somebody else has it by now.
            delay: until the next attempt.
            error: for the record.
            unsent: whether it is certain that nothing reached the platform.
            pause: seconds in which nothing else goes to its channel either.
        """
        self._held.discard(outbox_id)

        def note(connection: Connection) -> None:
            now = now_of(connection)
            put_off = connection.execute(
                update(table_of(OutboxRow))
                .where(self._is_claimed(outbox_id))
                .values(
                    due_at=now + delay,
                    lease_owner=None,
                    last_error=error,
                    attempts=OutboxRow.attempts - int(unsent),
                )
            )
            if pause and put_off.rowcount:
                _free(connection, outbox_id, now, pause)

        await self._database.commit(note)

    async def give_up(self, outbox_id: int, error: str, *, kind: OutboxKind = OutboxKind.REPLY) -> str | None:
        """Note that a reply, claimed by this process, can never be delivered, such as into an archived channel.

        If people cannot be asked, the asker is told; return the platform of that message.
        """
        self._held.discard(outbox_id)

        def end(connection: Connection) -> str | None:
            if kind is OutboxKind.POST:  # first, as above
                connection.execute(shown.LOCKED, {"outbox_id": outbox_id})
            question_id = connection.scalar(
                update(table_of(OutboxRow))
                .where(self._is_claimed(outbox_id))
                .values(state=OutboxState.FAILED, lease_owner=None, last_error=error)
                .returning(OutboxRow.question_id)
            )
            if question_id is None:
                return None
            if kind is OutboxKind.REPLY:
                connection.execute(
                    update(table_of(Question))
                    .where(Question.id == question_id)
                    .values(state=QuestionState.FAILED, reason=f"not delivered: {error}")
                )
            is_post = kind is OutboxKind.POST
            return shown.tell_unreached(connection, outbox_id, now_of(connection)) if is_post else None

        return await self._database.commit(end)

    def _is_claimed(self, outbox_id: int) -> ColumnElement[bool]:
        return and_(
            OutboxRow.id == outbox_id,
            OutboxRow.state == OutboxState.PENDING,
            OutboxRow.lease_owner == self._owner,
        )

    def forget(self, outbox_id: int) -> None:
        """Stop renewing a claim whose outcome could not be noted; it runs out, and the reply is tried again."""
        self._held.discard(outbox_id)

    async def recover(self) -> None:
        """Make every open reply due now, on a database that only this process uses."""
        async with self._database.write() as session:
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.state == OutboxState.PENDING)
                .values(due_at=await database_now(session))
            )


# Built once: to put a statement together takes several times as long as to run it.
_OUTBOX_ID = bindparam("outbox_id", type_=BigInteger())
_NOW = bindparam("now", type_=UtcDateTime())

_FREE = (
    update(table_of(Channel))
    .where(is_channel_of(_OUTBOX_ID))
    .values(free_at=bindparam("free_at", type_=UtcDateTime()))
)


def _free(connection: Connection, outbox_id: int, now: datetime, pause: float) -> None:
    """Say from when on the channel of a reply is free again."""
    connection.execute(_FREE, {"outbox_id": outbox_id, "free_at": now + timedelta(seconds=pause)})

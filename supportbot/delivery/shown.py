"""What happens to a hand-off when its messages are shown, or cannot be: in the transaction that records it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, Connection, Update, bindparam, insert, select, update

from supportbot.db.base import StorableText, table_of
from supportbot.db.models import Handoff, Outbox, Question
from supportbot.db.states import HandoffState, OutboxKind
from supportbot.intake.replies import pending

_OUTBOX_ID = bindparam("outbox_id", type_=BigInteger())
_QUESTION = select(Outbox.question_id).where(Outbox.id == _OUTBOX_ID).scalar_subquery()

LOCKED = select(Handoff.id).where(Handoff.question_id == _QUESTION).with_for_update()
"""Locks the hand-off that a row of the outbox is about."""


def _named(column: str) -> Update:
    identity = bindparam("identity", type_=StorableText())
    return update(table_of(Handoff)).where(Handoff.question_id == _QUESTION).values({column: identity})


NAMED: Mapping[OutboxKind, Update] = {
    OutboxKind.POST: _named("post_identity"),
    OutboxKind.TOLD: _named("told_identity"),
}
"""The statements that keep the platform's name of a message, since what people write below it is heard."""


def tell_unreached(connection: Connection, outbox_id: int, now: datetime) -> str | None:
    """End an open hand-off whose people cannot be reached, and have who asked told so.

    Returns:
        The platform of the asker; None if it is erased, or somebody has answered or closed it meanwhile.
    """
    ended = connection.execute(
        update(table_of(Handoff))
        .where(Handoff.question_id == _QUESTION, Handoff.state == HandoffState.OPEN)
        .values(state=HandoffState.UNREACHED)
        .returning(Handoff.question_id),
        {"outbox_id": outbox_id},
    ).one_or_none()
    if ended is None:
        return None
    row = connection.execute(
        select(Outbox.question_id, Outbox.answer_id, Outbox.note, Question.platform)
        .join(Question, Outbox.question_id == Question.id)
        .where(Outbox.id == outbox_id)
    ).one()
    word = pending(row.question_id, row.answer_id, row.platform, "", now, kind=OutboxKind.UNREACHED, note=row.note)
    connection.execute(insert(table_of(Outbox)), [word])
    return str(row.platform)

"""How it is noted that replies are on the platform: their rows, those of answer and question, and their channels.

Rows are locked in the order in which others lock them: replies, answers, questions, channels, each by its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, Connection, bindparam, case, select, update

from supportbot.db.base import StorableText, UtcDateTime, table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Channel, Conversation, Question
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.states import OutboxKind, OutboxState, QuestionState
from supportbot.delivery.lanes import channel_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A reply that is on the platform; see ``Outbox.delivered``."""

    outbox_id: int
    identity: str
    pause: float


def note_shown(connection: Connection, replies: Sequence[Shown]) -> list[None]:
    """Note which replies are shown; those that were erased meanwhile are nowhere."""
    now = now_of(connection)
    shown = {one.outbox_id: one for one in replies}
    rows = connection.execute(_NOTED, {"ids": list(shown)}).all()
    if not rows:
        return [None] * len(replies)
    connection.execute(_DELIVERED, [{"of": row.id, "now": now} for row in rows])
    told = [row for row in rows if row.kind is OutboxKind.REPLY]
    if told:
        identities = {row.answer_id: shown[row.id].identity for row in told}
        connection.execute(_SHOWN, [{"of": of, "identity": name} for of, name in sorted(identities.items())])
        connection.execute(_TOLD, [{"of": of, "now": now} for of in sorted(row.question_id for row in told)])
    pauses: dict[tuple[int, str], float] = {}
    for row in rows:
        place = (row.workspace_id, row.channel)
        pauses[place] = max(pauses.get(place, 0.0), shown[row.id].pause)
    free = [
        {"in_workspace": workspace_id, "in_channel": channel, "free_at": now + timedelta(seconds=pause)}
        for (workspace_id, channel), pause in sorted(pauses.items())
    ]
    connection.execute(_FREE, free)
    return [None] * len(replies)


# Built once: to put a statement together takes several times as long as to run it.
_OF = bindparam("of", type_=BigInteger())
_NOW = bindparam("now", type_=UtcDateTime())

_NOTED = (
    select(
        OutboxRow.id,
        OutboxRow.kind,
        OutboxRow.answer_id,
        OutboxRow.question_id,
        Conversation.workspace_id,
        channel_of(OutboxRow, Conversation).label("channel"),
    )
    .join(Question, OutboxRow.question_id == Question.id)
    .join(Conversation, Question.conversation_id == Conversation.id)
    .where(OutboxRow.id.in_(bindparam("ids", expanding=True, type_=BigInteger())))
    .order_by(OutboxRow.id)
    .with_for_update(of=OutboxRow)
)
_DELIVERED = (
    update(table_of(OutboxRow))
    .where(OutboxRow.id == _OF)
    .values(state=OutboxState.DELIVERED, delivered_at=_NOW, lease_owner=None)
)
_SHOWN = (
    update(table_of(Answer))
    .where(Answer.id == _OF)
    .values(reply_identity=bindparam("identity", type_=StorableText()))
)
_TOLD = (
    update(table_of(Question))
    .where(Question.id == _OF)
    .values(
        state=case(
            (Question.state == QuestionState.ANSWERED, QuestionState.DELIVERED.value), else_=Question.state
        ),
        delivered_at=_NOW,
    )
)
_FREE = (
    update(table_of(Channel))
    .where(
        Channel.workspace_id == bindparam("in_workspace", type_=BigInteger()),
        Channel.channel == bindparam("in_channel", type_=StorableText()),
    )
    .values(free_at=bindparam("free_at", type_=UtcDateTime()))
)

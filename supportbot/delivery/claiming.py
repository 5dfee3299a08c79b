"""How replies are claimed: which are next, the mark of the process that sends them, and all that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, and_, bindparam, case, select, update

from supportbot.db.base import StorableText, UtcDateTime, table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Conversation, Question, Workspace
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.states import AnswerSource, OutboxKind, QuestionState
from supportbot.delivery.lanes import IS_DUE, next_in_lanes
from supportbot.delivery.stream_notes import STREAMED
from supportbot.intake.questions import TRACE, Grounds, words_of
from supportbot.intake.samples import is_offered
from supportbot.intake.turns import parameters
from supportbot.words import Words

SUSPECT_LAPSES = 2
"""A reply is sent alone if two processes ended while sending it; see ``claim_suspect``."""


LAPSES = OutboxRow.lapses + case((OutboxRow.lease_owner.is_not(None), 1), else_=0)
"""How many senders of a reply that is due never said what became of it, the last one included."""


def _next_among(which: ColumnElement[bool]) -> Select[int]:
    """Return the statement that finds what is next, and locks it.

    SQLite has one writer at a time and ignores FOR UPDATE. PostgreSQL passes over what others hold, and looks
    again at a row that somebody changed meanwhile, which is why this asks twice for what is due.
    """
    held = bindparam("held", expanding=True, type_=BigInteger())
    platform = OutboxRow.platform == bindparam("platform", type_=StorableText())
    ids = next_in_lanes(and_(platform, which, OutboxRow.id.not_in(held)))
    return select(OutboxRow.id).where(OutboxRow.id.in_(ids), IS_DUE).with_for_update(skip_locked=True)


NEXT = _next_among(LAPSES < SUSPECT_LAPSES)
SUSPECT = _next_among(LAPSES >= SUSPECT_LAPSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One reply, or other row of the outbox, on its way, with all that a platform's sender needs.

    Attributes:
        outbox_id: the reply's own number.
        kind: what it is; all but a ``REPLY`` and an ``ASK_AGAIN`` are about a hand-off.
        note: what the sender needs besides; see ``handoffs.asking``.
        is_from_elsewhere: whether the question was asked on another platform, as on the page.
        mark: the idempotency mark, the same at every attempt and unique over all databases; 25 characters at
            most, which is what a Discord nonce may have.
        attempt: 1 for the first; later ones must look for their own mark before they send.
        lapses: how many senders took it up and never said what became of it.
        age: since it was written, when it was claimed; by the database's clock.
        grounds: approved answers and suggestions that it is based on.
        votable: whether 👍 and 👎 make sense under it.
        reply_to: what the adapter noted when it heard the question.
        sample: which answer to its question it is, from 1.
        streamed: the message in which the answer was shown while it was written, to be turned into the reply;
            empty if there may be one and nobody knows which, None if there is none.
    """

    outbox_id: int
    question_id: int
    answer_id: int
    platform: str
    workspace: str
    channel: str
    thread: str
    asker: str
    question: str
    text: str
    source: AnswerSource
    grounds: Grounds
    model_version: str | None
    reply_to: Mapping[str, Any]
    attempt: int
    lapses: int
    votable: bool
    created_at: datetime
    age: timedelta
    mark: str
    kind: OutboxKind = OutboxKind.REPLY
    note: Mapping[str, Any] | None = None
    is_from_elsewhere: bool = False
    sample: int = 1
    streamed: str | None = None

    @property
    def offers_sample(self) -> bool:
        """Whether another answer can be had."""
        return self.votable and is_offered(self.source, self.sample)

    @property
    def words(self) -> Words:
        """The bot's own, in the language that was decided when the question came."""
        return words_of(self.reply_to)

    @property
    def trace(self) -> str | None:
        """What the question's row carries of its trace, if it is traced."""
        return self.reply_to.get(TRACE)


_IDS = bindparam("ids", expanding=True, type_=BigInteger())

# Built once, like those above: to put a statement together takes several times as long as to run it.
_CLAIM = (
    update(table_of(OutboxRow))
    .where(OutboxRow.id.in_(_IDS))
    .values(
        attempts=OutboxRow.attempts + 1,
        lapses=LAPSES,
        lease_owner=bindparam("owner", type_=StorableText()),
        due_at=bindparam("until", type_=UtcDateTime()),
    )
)
_CLAIMED = (
    select(
        OutboxRow.id.label("outbox_id"),
        OutboxRow.platform,
        OutboxRow.kind,
        OutboxRow.note,
        OutboxRow.mark,
        OutboxRow.attempts,
        OutboxRow.lapses,
        OutboxRow.created_at,
        Answer.id.label("answer_id"),
        Answer.text,
        Answer.source,
        Answer.grounds,
        Answer.model_version,
        Question.id.label("question_id"),
        Question.platform.label("asked_on"),
        Question.asker,
        Question.text.label("question"),
        Question.reply_to,
        Question.state,
        Question.sample,
        Conversation.channel,
        Conversation.thread,
        Workspace.external_id.label("workspace"),
    )
    .join(Answer, OutboxRow.answer_id == Answer.id)
    .join(Question, OutboxRow.question_id == Question.id)
    .join(Conversation, Question.conversation_id == Conversation.id)
    .join(Workspace, Conversation.workspace_id == Workspace.id)
    .where(OutboxRow.id.in_(_IDS))
    .order_by(OutboxRow.id)
)


def take(
    statement: Select[int], values: Mapping[str, object], owner: str, lease: timedelta, connection: Connection
) -> list[Delivery]:
    """Claim replies.

    Args:
        statement: which; one of those above.
        values: its parameters.
        owner: unique name of the process that claims.
        lease: how long the claims hold.
        connection: of a transaction that writes.
    """
    now = now_of(connection)
    ids = connection.scalars(statement, {**parameters(now), **values}).all()
    if not ids:
        return []
    connection.execute(_CLAIM, {"ids": ids, "owner": owner, "until": now + lease})
    rows = connection.execute(_CLAIMED, {"ids": ids})
    return [_delivery(row, now) for row in rows]


def _delivery(row: Row[*tuple[Any, ...]], now: datetime) -> Delivery:
    return Delivery(
        outbox_id=row.outbox_id,
        question_id=row.question_id,
        answer_id=row.answer_id,
        platform=row.platform,
        workspace=row.workspace,
        channel=row.channel,
        thread=row.thread,
        asker=row.asker,
        question=row.question,
        text=row.text,
        source=row.source,
        grounds=Grounds.from_record(row.grounds),
        model_version=row.model_version,
        reply_to=row.reply_to,
        attempt=row.attempts,
        lapses=row.lapses,
        votable=row.state == QuestionState.ANSWERED,
        created_at=row.created_at,
        age=now - row.created_at,
        mark=row.mark,
        streamed=row.reply_to.get(STREAMED),
        kind=row.kind,
        note=row.note,
        is_from_elsewhere=row.platform != row.asked_on,
        sample=row.sample,
    )

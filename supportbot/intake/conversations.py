"""Where a question belongs: its workspace, channel and conversation, created with the first question there. This
happens before the platform gets its acknowledgement, so it is fast: one statement finds existing rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from supportbot.db.base import StorableText, table_of
from supportbot.db.models import Channel, Conversation, ErasedMessage, Question, Workspace
from supportbot.db.states import QuestionState
from supportbot.intake import erased
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.reception import Manner

_LATE = timedelta(seconds=15)
"""What is heard as it is said takes less, with clocks that differ; and a shorter outage hurts nobody."""


@dataclass(frozen=True, slots=True)
class Known:
    """The ids of what is known of an incoming question; None for what is new.

    ``is_erased`` says that its asker was erased since they asked it.
    """

    question_id: int | None
    workspace_id: int | None
    conversation_id: int | None
    has_channel: bool
    parent: str | None
    is_erased: bool


def look_up(connection: Connection, incoming: IncomingQuestion) -> Known:
    """Return what is known of a question."""
    values = {
        "platform": incoming.platform,
        "identity": incoming.identity,
        "workspace": incoming.workspace,
        "channel": incoming.channel,
        "thread": incoming.thread,
        "digest": erased.digest_of(incoming.platform, incoming.identity),
    }
    row = connection.execute(_LOOK_UP, values).one()
    return Known(
        question_id=row.question_id,
        workspace_id=row.workspace_id,
        conversation_id=row.conversation_id,
        has_channel=row.channel is not None,
        parent=row.parent,
        is_erased=row.erased is not None,
    )


def make_conversation(
    connection: Connection, incoming: IncomingQuestion, known: Known, now: datetime
) -> tuple[int, int]:
    """Return the ids of a question's workspace and conversation; what is new of them is made."""
    workspace_id = known.workspace_id or _insert_or_find(
        connection,
        table_of(Workspace),
        {"platform": incoming.platform, "external_id": incoming.workspace},
        {"name": incoming.workspace_name, "settings": {}, "created_at": now},
    )
    channel = {"workspace_id": workspace_id, "channel": incoming.channel}
    if not known.has_channel:
        insert_if_new(connection, table_of(Channel), channel | {"parent": incoming.parent})
    elif incoming.parent != known.parent and incoming.parent is not None:
        connection.execute(
            _PARENT_OF, {"of": workspace_id, "named": incoming.channel, "parent_is": incoming.parent}
        )
    conversation_id = known.conversation_id or _insert_or_find(
        connection, table_of(Conversation), channel | {"thread": incoming.thread}, {"created_at": now}
    )
    return workspace_id, conversation_id


def is_late(incoming: IncomingQuestion, now: datetime) -> bool:
    """Return whether a question was asked long before it was heard, as in an outage."""
    return incoming.said_at is not None and now - incoming.said_at > _LATE


def insert_question(
    connection: Connection,
    incoming: IncomingQuestion,
    workspace_id: int,
    conversation_id: int,
    now: datetime,
    *,
    refused: str | None,
) -> int | None:
    """Insert a question, as refused if there is a reason, and return its id; None if another has its identity."""
    values = {
        "conversation_id": conversation_id,
        "workspace_id": workspace_id,
        "channel": incoming.channel,
        "platform": incoming.platform,
        "identity": incoming.identity,
        "asker": incoming.asker,
        "text": incoming.text,
        "reply_to": dict(incoming.reply_to),
        "placeholder": incoming.placeholder,
        "late": is_late(incoming, now),
        "unasked": incoming.manner is Manner.UNASKED,
        "sample_of": incoming.sample_of,
        "sample": incoming.sample,
        "state": QuestionState.REFUSED if refused else QuestionState.RECEIVED,
        "reason": refused,
        "answered_at": now if refused else None,
        "attempts": 0,
        "lapses": 0,
        "said_at": incoming.said_at,
        "received_at": now,
    }
    return insert_if_new(connection, table_of(Question), values)


def _insert_or_find(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    """Insert a row, and return its id or that of the one that another daemon has inserted meanwhile."""
    inserted = insert_if_new(connection, table, {**key, **values})
    if inserted is not None:
        return inserted
    found: int = connection.execute(select(table.c.id).filter_by(**key)).scalar_one()
    return found


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """Insert a row and return the first part of its key; None if a unique constraint is in the way."""
    inserted: int | None = connection.scalar(_insertion(connection.dialect.name, table), values)
    return inserted


@cache
def _insertion(dialect: str, table: Table) -> ReturningInsert[Any]:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=StorableText())


_WORKSPACE_ID = (
    select(Workspace.id)
    .where(Workspace.platform == _text("platform"), Workspace.external_id == _text("workspace"))
    .scalar_subquery()
)

_THIS_CHANNEL = and_(Channel.workspace_id == _WORKSPACE_ID, Channel.channel == _text("channel"))

_PARENT_OF = (
    update(table_of(Channel))
    .where(Channel.workspace_id == bindparam("of", type_=BigInteger()), Channel.channel == _text("named"))
    .values(parent=_text("parent_is"))
)

_LOOK_UP = select(
    select(Question.id)
    .where(Question.platform == _text("platform"), Question.identity == _text("identity"))
    .scalar_subquery()
    .label("question_id"),
    _WORKSPACE_ID.label("workspace_id"),
    select(Conversation.id)
    .where(
        and_(
            Conversation.workspace_id == _WORKSPACE_ID,
            Conversation.channel == _text("channel"),
            Conversation.thread == _text("thread"),
        )
    )
    .scalar_subquery()
    .label("conversation_id"),
    select(Channel.channel).where(_THIS_CHANNEL).scalar_subquery().label("channel"),
    select(Channel.parent).where(_THIS_CHANNEL).scalar_subquery().label("parent"),
    select(ErasedMessage.digest).where(ErasedMessage.digest == _text("digest")).scalar_subquery().label("erased"),
)

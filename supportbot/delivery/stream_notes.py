"""What the database knows of an answer that is being shown while it is written.

A stream is no delivery: the reply that the outbox holds is shown by turning the streamed message into it. So the
process that delivers must know that there is such a message, also after a crash and on another daemon. Before a
platform is asked to show the first words, the question's ``reply_to`` records that there may be a message;
afterwards, which. A stream never delays a reply: it begins only where the channel is free and no reply waits for
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Select, and_, bindparam, select, update

from supportbot.db.base import StorableText, table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Channel, Conversation, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import OutboxState, QuestionState

STREAMED = "streamed"
"""The key in ``reply_to``: the platform's identity of the streamed message, or an empty text before it is
known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer is shown while it is written; the names are those of ``Delivery``."""

    question_id: int
    platform: str
    workspace: str
    channel: str
    thread: str
    asker: str
    question: str
    reply_to: Mapping[str, Any]


class NotShownError(Exception):
    """The answer is not to be shown before it is whole."""


class StreamNotes:
    """Notes of streams in the database.

    Args:
        database: where they are kept.
        owner: unique name of this process, as on its claims.
    """

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def begin(
        self, question_id: int, suits: Callable[[Mapping[str, Any]], bool], *, alone: bool, pause: float
    ) -> Place | None:
        """Note that a streamed message may be there from now on.

        Args:
            question_id: claimed by this process.
            suits: whether a stream can be shown where the answer goes, by its ``reply_to``.
            alone: whether no other answer that is not delivered yet may be streamed in the same thread.
            pause: seconds in which nothing else goes to the channel afterwards.

        Returns:
            Where it is shown; None while the place is not free.

        Raises:
            NotShownError: there was a stream already, or there can be none.
        """

        def note(connection: Connection) -> Place | None:
            row = connection.execute(_ROW, {"question_id": question_id}).one_or_none()
            if row is None or not self._is_mine(row) or STREAMED in row.reply_to or not suits(row.reply_to):
                raise NotShownError
            now = now_of(connection)
            if row.free_at is not None and row.free_at > now:
                return None
            if connection.scalar(_WAITING, {"in_workspace": row.workspace_id, "in_channel": row.channel}):
                return None
            others = connection.scalars(_OTHERS, {"question_id": question_id, "in_thread": row.conversation_id})
            if alone and any(STREAMED in reply_to for reply_to in others):
                return None
            _write(connection, question_id, {**row.reply_to, STREAMED: ""})
            connection.execute(
                update(table_of(Channel))
                .where(Channel.workspace_id == row.workspace_id, Channel.channel == row.channel)
                .values(free_at=now + timedelta(seconds=pause))
            )
            return _place(question_id, row)

        return await self._database.commit(note)

    async def began(self, question_id: int, identity: str) -> bool:
        """Note which message it is; return False if the question is not this process's any more."""

        def note(connection: Connection) -> bool:
            row = connection.execute(_ROW, {"question_id": question_id}).one_or_none()
            if row is None or not self._is_mine(row):
                return False
            _write(connection, question_id, {**row.reply_to, STREAMED: identity})
            return True

        return await self._database.commit(note)

    async def drop(self, question_id: int) -> tuple[Place, str] | None:
        """Forget a stream that no reply will complete.

        Returns:
            Where it was shown, and in which message (empty if that is unknown); None if there was none, or a reply
            completes it.
        """

        def forget(connection: Connection) -> tuple[Place, str] | None:
            row = connection.execute(_ROW, {"question_id": question_id}).one_or_none()
            if row is None or STREAMED not in row.reply_to:
                return None
            if connection.scalar(_COMPLETING, {"question_id": question_id}) is not None:
                return None
            kept = dict(row.reply_to)
            identity = str(kept.pop(STREAMED))
            _write(connection, question_id, kept)
            return _place(question_id, row), identity

        return await self._database.commit(forget)

    async def is_erased(self, question_id: int) -> bool:
        """Return whether a question is gone."""
        async with self._database.read() as session:
            return await session.scalar(select(Question.id).where(Question.id == question_id)) is None

    def _is_mine(self, row: Row[*tuple[Any, ...]]) -> bool:
        return bool(row.state == QuestionState.ANSWERING and row.lease_owner == self._owner)


def _write(connection: Connection, question_id: int, reply_to: Mapping[str, Any]) -> None:
    connection.execute(
        update(table_of(Question)).where(Question.id == question_id).values(reply_to=dict(reply_to))
    )


def _place(question_id: int, row: Row[*tuple[Any, ...]]) -> Place:
    return Place(
        question_id=question_id,
        platform=row.platform,
        workspace=row.workspace,
        channel=row.channel,
        thread=row.thread,
        asker=row.asker,
        question=row.text,
        reply_to=row.reply_to,
    )


_QUESTION_ID = bindparam("question_id", type_=BigInteger())

# Built once: to put a statement together takes several times as long as to run it.
_ROW: Select[*tuple[Any, ...]] = (
    select(
        Question.platform,
        Question.reply_to,
        Question.state,
        Question.lease_owner,
        Question.asker,
        Question.text,
        Question.conversation_id,
        Conversation.workspace_id,
        Conversation.channel,
        Conversation.thread,
        Workspace.external_id.label("workspace"),
        Channel.free_at,
    )
    .join(Conversation, Question.conversation_id == Conversation.id)
    .join(Workspace, Conversation.workspace_id == Workspace.id)
    .outerjoin(
        Channel, and_(Channel.workspace_id == Conversation.workspace_id, Channel.channel == Conversation.channel)
    )
    .where(Question.id == _QUESTION_ID)
    .with_for_update(of=(Question, Conversation))
)
_OTHERS = select(Question.reply_to).where(
    Question.conversation_id == bindparam("in_thread", type_=BigInteger()),
    Question.state.in_((QuestionState.RECEIVED, QuestionState.ANSWERING, QuestionState.ANSWERED)),
    Question.id != _QUESTION_ID,
)
_WAITING = (
    select(Outbox.id)
    .join(Question, Outbox.question_id == Question.id)
    .join(Conversation, Question.conversation_id == Conversation.id)
    .where(
        Outbox.state == OutboxState.PENDING,
        Conversation.workspace_id == bindparam("in_workspace", type_=BigInteger()),
        Conversation.channel == bindparam("in_channel", type_=StorableText()),
    )
    .limit(1)
)
_COMPLETING = select(Outbox.id).where(Outbox.question_id == _QUESTION_ID, Outbox.state != OutboxState.FAILED)

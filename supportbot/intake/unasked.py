"""What nobody asked the bot: it is looked at while it is answered, and of what is not answered nothing is kept.

These functions work within the caller's transaction; they know no platform.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, bindparam, delete, select, update

from supportbot.db.base import StorableText, table_of
from supportbot.db.models import IS_OPEN, Conversation, Question
from supportbot.db.states import QuestionState


def forget(connection: Connection, question_ids: Sequence[int]) -> None:
    """Let unasked questions go without a word, and conversations that are empty then."""
    conversations = connection.scalars(_GONE, {"ids": list(question_ids)}).all()
    _forget_conversations(connection, conversations)


def withdraw(connection: Connection, platform: str, identity: str) -> int | None:
    """Let one go that its author has edited or deleted before there is an answer; return its number."""
    row = connection.execute(_WITHDRAWN, {"on": platform, "named": identity}).one_or_none()
    if row is None:
        return None
    _forget_conversations(connection, [row.conversation_id])
    question_id: int = row.id
    return question_id


def name(connection: Connection, question_id: int, text: str) -> bool:
    """Have the bot asked what it has only overheard so far, as by an edit that names it; return whether it was."""
    return connection.scalar(_NAMED, {"question_id": question_id, "said": text}) is not None


def forget_conversation(connection: Connection, conversation_id: int) -> None:
    """Let a conversation go that was made for what is not heard after all."""
    _forget_conversations(connection, [conversation_id])


def _forget_conversations(connection: Connection, ids: Sequence[int]) -> None:
    # A statement of its own: whoever was about to ask there is waited for first, and seen then.
    connection.execute(_LOCKED, {"ids": list(ids)}).all()
    connection.execute(_EMPTY, {"ids": list(ids)})


_IDS = bindparam("ids", expanding=True, type_=BigInteger())
_GONE = (
    delete(table_of(Question))
    .where(Question.id.in_(_IDS), Question.unasked, IS_OPEN)
    .returning(Question.conversation_id)
)
_WITHDRAWN = (
    delete(table_of(Question))
    .where(
        Question.platform == bindparam("on", type_=StorableText()),
        Question.identity == bindparam("named", type_=StorableText()),
        Question.unasked,
        IS_OPEN,
    )
    .returning(Question.id, Question.conversation_id)
)
_NAMED = (
    update(table_of(Question))
    .where(Question.id == bindparam("question_id", type_=BigInteger()), Question.unasked, IS_OPEN)
    .values(
        unasked=False,
        text=bindparam("said", type_=StorableText()),
        state=QuestionState.RECEIVED,
        lease_owner=None,
        lease_until=None,
    )
    .returning(Question.id)
)
_LOCKED = select(Conversation.id).where(Conversation.id.in_(_IDS)).order_by(Conversation.id).with_for_update()
_EMPTY = delete(table_of(Conversation)).where(
    Conversation.id.in_(_IDS),
    ~select(Question.id).where(Question.conversation_id == Conversation.id).exists(),
)

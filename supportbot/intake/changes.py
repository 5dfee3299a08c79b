"""Edited and deleted questions: a question follows its message. A new text counts until there is an answer. If a
worker is answering it, the question goes back to the inbox, and that worker's answer is dropped, as with any lost
claim. A deleted question is withdrawn unless its answer is shown or being sent; it ends as failed, without a
message. A question that did not mention the bot is forgotten in both cases, and may be received again with its new
text. These functions know no platform.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import StorableText, table_of
from supportbot.db.models import Outbox, Question
from supportbot.db.states import OutboxState, QuestionState
from supportbot.intake import unasked

WITHDRAWN = "withdrawn by its asker"
"""The reason that a deleted question ends with."""

_UNANSWERED = (QuestionState.RECEIVED, QuestionState.ANSWERING)

_THIS = and_(
    Question.platform == bindparam("on", type_=StorableText()),
    Question.identity == bindparam("named", type_=StorableText()),
)


async def is_open(session: AsyncSession, platform: str, identity: str) -> bool:
    """Return whether a message is a question that is not answered in front of its asker; this only looks."""
    open_ = Question.state.in_((*_UNANSWERED, QuestionState.ANSWERED))
    found = await session.scalar(select(Question.id).where(_THIS, open_), {"on": platform, "named": identity})
    return found is not None


def change(platform: str, identity: str, text: str | None, connection: Connection) -> int | None:
    """Change a question, if it is not too late for that, and return its id.

    Args:
        platform: as in ``IncomingQuestion``.
        identity: as above.
        text: what it says now; None if it was deleted.
        connection: of a transaction that writes.
    """
    named = {"on": platform, "named": identity}
    if (question_id := unasked.withdraw(connection, platform, identity)) is not None:
        return question_id
    if text is not None:
        return connection.scalar(_REWORDED, {**named, "said": text})
    if (question_id := connection.scalar(_WITHDRAWN, {**named, "why": WITHDRAWN})) is not None:
        return question_id
    if (question_id := connection.scalar(_UNSENT, {**named, "why": WITHDRAWN})) is not None:
        connection.execute(_ENDED, {"question_id": question_id, "why": WITHDRAWN})
    return question_id


_QUESTION = table_of(Question)
_SAID = bindparam("said", type_=StorableText())
_WHY = bindparam("why", type_=StorableText())

# Slack also calls it an edit when it unfurls a link: nothing changes then.
_REWORDED = (
    update(_QUESTION)
    .where(_THIS, Question.state.in_(_UNANSWERED), Question.text != _SAID)
    .values(text=_SAID, state=QuestionState.RECEIVED, lease_owner=None, lease_until=None)
    .returning(Question.id)
)
_WITHDRAWN = (
    update(_QUESTION)
    .where(_THIS, Question.state.in_(_UNANSWERED))
    .values(state=QuestionState.FAILED, reason=_WHY, lease_owner=None, lease_until=None)
    .returning(Question.id)
)
# What somebody is sending may be there already.
_UNSENT = (
    update(table_of(Outbox))
    .where(
        Outbox.question_id.in_(select(Question.id).where(_THIS)),
        Outbox.state == OutboxState.PENDING,
        Outbox.lease_owner.is_(None),
    )
    .values(state=OutboxState.FAILED, last_error=_WHY)
    .returning(Outbox.question_id)
)
_ENDED = (
    update(_QUESTION)
    .where(Question.id == bindparam("question_id"), Question.state == QuestionState.ANSWERED)
    .values(state=QuestionState.FAILED, reason=_WHY)
)

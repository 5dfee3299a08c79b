"""How a claimed question leaves the process that works on it: answered, refused, given back, or forgotten.

Each of these does nothing if the claim was lost: then somebody else has the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, select, update

from supportbot.db.base import StorableText, UtcDateTime, table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Question
from supportbot.db.states import QuestionState
from supportbot.intake import admission, unasked
from supportbot.intake.admission import Refusal
from supportbot.intake.questions import Reply
from supportbot.intake.replies import write_replies


def forget(owner: str, question_id: int, connection: Connection) -> None:
    """Let an unasked question go without a word and without a trace."""
    if connection.scalar(select(Question.id).where(_is_claimed(owner, question_id))) is not None:
        unasked.forget(connection, [question_id])


def refuse(owner: str, question_id: int, refusal: Refusal, connection: Connection) -> None:
    """Tell the asker that there is no time for it."""
    claimed = select(Question.id).where(_is_claimed(owner, question_id)).with_for_update()
    if connection.scalar(claimed) is not None:
        admission.refuse(connection, [question_id], refusal, now_of(connection))


def give_back(
    owner: str, question_id: int, retry_in: timedelta, connection: Connection, *, attempted: bool
) -> None:
    """Return it to the inbox; see ``Inbox.release``."""
    connection.execute(
        update(table_of(Question))
        .where(_is_claimed(owner, question_id))
        .values(
            state=QuestionState.RECEIVED,
            lease_owner=None,
            lease_until=now_of(connection) + retry_in if retry_in else None,
            attempts=Question.attempts if attempted else Question.attempts - 1,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What becomes of a claimed question: its reply, and the state that it is in then; see ``Inbox.finish``."""

    question_id: int
    reply: Reply
    state: QuestionState
    reason: str | None


def finish(owner: str, connection: Connection, ends: Sequence[End]) -> list[int | None]:
    """Write replies, the questions' next states and the outbox rows.

    Args:
        owner: whose claims they are.
        connection: of a transaction that writes.
        ends: of different questions.

    Returns:
        The answers' ids, None where the claim was lost.
    """
    now = now_of(connection)
    ids = [one.question_id for one in ends]
    platforms = {row.id: row.platform for row in connection.execute(_CLAIMED, {"ids": ids, "owner": owner})}
    held = [one for one in ends if one.question_id in platforms]
    if not held:
        return [None] * len(ends)
    connection.execute(
        _ENDED, [{"of": one.question_id, "next": one.state, "why": one.reason, "now": now} for one in held]
    )
    replies = [(one.question_id, platforms[one.question_id], one.reply) for one in held]
    answers = write_replies(connection, replies, now)
    return [answers.get(one.question_id) for one in ends]


_CLAIMED = (
    select(Question.id, Question.platform)
    .where(
        Question.id.in_(bindparam("ids", expanding=True, type_=BigInteger())),
        Question.state == QuestionState.ANSWERING,
        Question.lease_owner == bindparam("owner", type_=StorableText()),
    )
    .order_by(Question.id)  # in which others lock them
    .with_for_update()
)
_ENDED = (
    update(table_of(Question))
    .where(Question.id == bindparam("of", type_=BigInteger()))
    .values(
        state=bindparam("next", type_=Question.state.type),
        reason=bindparam("why", type_=StorableText()),
        answered_at=bindparam("now", type_=UtcDateTime()),
        lease_owner=None,
        lease_until=None,
    )
)


def _is_claimed(owner: str, question_id: int) -> ColumnElement[bool]:
    return and_(
        Question.id == question_id,
        Question.state == QuestionState.ANSWERING,
        Question.lease_owner == owner,
    )

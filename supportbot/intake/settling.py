"""How a claimed question leaves the process that works on it: answered, refused, given back, or forgotten.

Each of these does nothing if the claim was lost: then somebody else has the question.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, select, update

from supportbot.db.base import table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Question
from supportbot.db.states import QuestionState
from supportbot.intake import admission, unasked
from supportbot.intake.admission import Refusal
from supportbot.intake.questions import Reply
from supportbot.intake.replies import write_reply


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


def finish(
    owner: str,
    question_id: int,
    reply: Reply,
    state: QuestionState,
    reason: str | None,
    connection: Connection,
) -> int | None:
    """Write the reply, the question's next state and the outbox row; see ``Inbox.finish``."""
    now = now_of(connection)
    platform = connection.scalar(
        update(table_of(Question))
        .where(_is_claimed(owner, question_id))
        .values(state=state, reason=reason, answered_at=now, lease_owner=None, lease_until=None)
        .returning(Question.platform)
    )
    return None if platform is None else write_reply(connection, question_id, platform, reply, now)


def _is_claimed(owner: str, question_id: int) -> ColumnElement[bool]:
    return and_(
        Question.id == question_id,
        Question.state == QuestionState.ANSWERING,
        Question.lease_owner == owner,
    )

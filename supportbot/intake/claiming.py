"""How questions are claimed: which are next, and the mark of the process that works on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, bindparam, case, select, update

from supportbot.db.base import StorableText, UtcDateTime, table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Channel, Conversation, Question
from supportbot.db.states import QuestionState
from supportbot.intake.claims import Claim
from supportbot.intake.earlier import earlier_turns
from supportbot.intake.questions import TRACE, words_of
from supportbot.intake.samples import drawn_before
from supportbot.intake.turns import IS_WAITING, next_in_turn, parameters
from supportbot.policies.layers import effective_of

SUSPECT_LAPSES = 2
"""A question is claimed once more, alone, if two processes ended while working on it; see ``claim_suspect``."""


def lapses_of(question: type[Question]) -> ColumnElement[int]:
    """Say in how many workers' hands a waiting question was when they ended, the last one included."""
    return question.lapses + case((question.state == QuestionState.ANSWERING, 1), else_=0)


_Which = Callable[[type[Question]], ColumnElement[bool]]


def _next_among(which: _Which) -> Select[int]:
    """Return the statement that finds what is next, and locks it.

    SQLite has one writer at a time and ignores FOR UPDATE. PostgreSQL passes over what others hold, and looks
    again at a row that somebody changed meanwhile, which is why this asks twice for what waits.
    """
    held = bindparam("held", expanding=True, type_=BigInteger())
    ids = next_in_turn(lambda question: and_(which(question), question.id.not_in(held)))
    return select(Question.id).where(Question.id.in_(ids), IS_WAITING).with_for_update(skip_locked=True)


def _on_platforms(question: type[Question]) -> ColumnElement[bool]:
    return question.platform.in_(bindparam("platforms", expanding=True, type_=StorableText()))


NEXT = _next_among(lambda question: and_(_on_platforms(question), lapses_of(question) < SUSPECT_LAPSES))
SUSPECT = _next_among(lambda question: and_(_on_platforms(question), lapses_of(question) >= SUSPECT_LAPSES))
THIS_ONE = _next_among(lambda question: question.id == bindparam("question_id", type_=BigInteger()))


_NOW = bindparam("now", type_=UtcDateTime())

# Built once, like those above: to put a statement together takes several times as long as to run it.
_CLAIM = (
    update(table_of(Question))
    .where(Question.id.in_(bindparam("ids", expanding=True, type_=BigInteger())))
    .values(
        attempts=Question.attempts + 1,
        lapses=lapses_of(Question),
        state=QuestionState.ANSWERING,
        claimed_at=_NOW,
        lease_owner=bindparam("owner", type_=StorableText()),
        lease_until=bindparam("until", type_=UtcDateTime()),
    )
    .returning(
        Question.id,
        Question.conversation_id,
        Question.platform,
        *(
            select(column).where(Conversation.id == Question.conversation_id).scalar_subquery().label(column.key)
            for column in (Conversation.workspace_id, Conversation.channel)
        ),
        Question.text,
        Question.attempts,
        Question.lapses,
        Question.received_at,
        Question.late,
        Question.unasked,
        Question.sample_of,
        Question.sample,
        Question.reply_to,
    )
)
_SERVED = (
    update(table_of(Channel))
    .where(
        Channel.workspace_id == bindparam("in_workspace", type_=BigInteger()),
        Channel.channel == bindparam("in_channel", type_=StorableText()),
    )
    .values(served_at=_NOW)
)


def take(
    statement: Select[int], values: Mapping[str, object], owner: str, lease: timedelta, connection: Connection
) -> list[Claim]:
    """Claim questions, and let their channels wait for their next turn.

    Args:
        statement: which; one of those above.
        values: its parameters.
        owner: unique name of the process that claims.
        lease: how long the claims hold.
        connection: of a transaction that writes.

    Returns:
        The claims, of who has waited longest first.
    """
    now = now_of(connection)
    ids = connection.scalars(statement, {**parameters(now), **values}).all()
    if not ids:
        return []
    rows = connection.execute(_CLAIM, {"ids": ids, "now": now, "owner": owner, "until": now + lease})
    taken = rows.all()
    channels = sorted({(row.workspace_id, row.channel) for row in taken})
    policies = {place: effective_of(connection, *place, parent=None) for place in channels}
    claims = [
        Claim(
            question_id=row.id,
            conversation_id=row.conversation_id,
            platform=row.platform,
            workspace_id=row.workspace_id,
            channel=row.channel,
            text=row.text,
            attempt=row.attempts,
            lapses=row.lapses,
            waited=now - row.received_at,
            late=row.late,
            unasked=row.unasked,
            sample_of=row.sample_of,
            sample=row.sample,
            words=words_of(row.reply_to),
            trace=row.reply_to.get(TRACE),
            policy=policies[row.workspace_id, row.channel],
            earlier=earlier_turns(connection, row.sample_of or row.id),
            drawn=drawn_before(connection, row.sample_of, row.sample) if row.sample_of else None,
        )
        for row in taken
    ]
    connection.execute(_SERVED, [{"in_workspace": one, "in_channel": name, "now": now} for one, name in channels])
    return sorted(claims, key=lambda claim: (-claim.waited, claim.question_id))

"""Which reply goes to which channel next.

A channel is a lane with room for one reply: while one is on its way there, or the platform wants a pause, the
others wait in the database and hold nobody up. The lane that was free for longest comes first. Within a lane it is
whoever was answered longest ago, and before all a word that the bot is busy. It is one statement, so all daemons
on the database keep the same lanes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from supportbot.db.base import StorableText, UtcDateTime
from supportbot.db.models import Channel, Conversation, Outbox, Question
from supportbot.db.states import OutboxState, QuestionState

_MEMORY = timedelta(hours=1)
"""Answers of longer ago don't matter; without a bound, a busy person's whole history would be read each time."""


_NOW = bindparam("now", type_=UtcDateTime())

IS_DUE = and_(Outbox.state == OutboxState.PENDING, Outbox.due_at <= _NOW)
"""Which replies may be sent at the time ``now``."""


def is_channel_of(outbox_id: int) -> ColumnElement[bool]:
    """Say which channel a reply goes to."""
    return tuple_(Channel.workspace_id, Channel.channel).in_(
        select(Conversation.workspace_id, Conversation.channel)
        .join(Question, Question.conversation_id == Conversation.id)
        .join(Outbox, Outbox.question_id == Question.id)
        .where(Outbox.id == outbox_id)
    )


def next_in_lanes(which: ColumnElement[bool]) -> Select[int]:
    """Return the statement for the ids of the replies that are next, one of each lane that is free.

    It is worth keeping: to put it together takes longer than to run it. Its parameters are those of ``which``, and
    what ``parameters`` returns.

    Args:
        which: among which replies.
    """
    earlier = aliased(Question)
    answered_at = (
        select(func.max(earlier.delivered_at))
        .where(
            earlier.platform == Question.platform,
            earlier.asker == Question.asker,
            earlier.received_at > bindparam("since", type_=UtcDateTime()),
        )
        .scalar_subquery()
    )
    ranked = (
        select(
            Outbox.id,
            Channel.free_at,
            func.row_number()
            .over(
                partition_by=(Conversation.workspace_id, Conversation.channel),
                order_by=(
                    case((Question.state == QuestionState.REFUSED, 0), else_=1),
                    answered_at.nulls_first(),
                    Outbox.id,
                ),
            )
            .label("in_lane"),
        )
        .join(Question, Outbox.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(
            Channel,
            and_(Channel.workspace_id == Conversation.workspace_id, Channel.channel == Conversation.channel),
        )
        .where(
            which,
            IS_DUE,
            or_(Channel.free_at.is_(None), Channel.free_at <= _NOW),
            ~tuple_(Conversation.workspace_id, Conversation.channel).in_(_occupied()),
        )
        .subquery()
    )
    return (
        select(ranked.c.id)
        .where(ranked.c.in_lane == 1)
        .order_by(ranked.c.free_at.nulls_first(), ranked.c.id)
        .limit(bindparam("limit", type_=Integer()))
    )


def parameters(now: datetime) -> dict[str, Any]:
    """Return those parameters of ``next_in_lanes`` that depend on the database's time.

    The others are ``platform`` and ``limit``.
    """
    return {"now": now, "since": now - _MEMORY}


def _occupied() -> Select[int, str]:
    """Return the statement for the channels to which a reply is on its way."""
    sent, question, conversation = aliased(Outbox), aliased(Question), aliased(Conversation)
    return (
        select(conversation.workspace_id, conversation.channel)
        .join(question, question.conversation_id == conversation.id)
        .join(sent, sent.question_id == question.id)
        .where(
            sent.platform == bindparam("platform", type_=StorableText()),
            sent.state == OutboxState.PENDING,
            sent.lease_owner.is_not(None),
            sent.due_at > _NOW,
        )
    )

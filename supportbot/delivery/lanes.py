"""Which reply goes to which channel next.

A channel is a lane with room for one reply: while one is on its way there, or the platform wants a pause, the
others wait in the database and hold nobody up. The lane that was free for longest comes first. Within a lane it is
whoever was answered longest ago, and before all a word that the bot is busy. It is one statement, so all daemons
on the database keep the same lanes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from supportbot.db.models import Channel, Conversation, Outbox, Question
from supportbot.db.states import OutboxState, QuestionState

_MEMORY = timedelta(hours=1)
"""Answers of longer ago don't matter; without a bound, a busy person's whole history would be read each time."""


def is_due(now: datetime) -> ColumnElement[bool]:
    """Say which replies may be sent."""
    return and_(Outbox.state == OutboxState.PENDING, Outbox.due_at <= now)


def is_channel_of(outbox_id: int) -> ColumnElement[bool]:
    """Say which channel a reply goes to."""
    return tuple_(Channel.workspace_id, Channel.channel).in_(
        select(Conversation.workspace_id, Conversation.channel)
        .join(Question, Question.conversation_id == Conversation.id)
        .join(Outbox, Outbox.question_id == Question.id)
        .where(Outbox.id == outbox_id)
    )


def next_in_lanes(platform: str, which: ColumnElement[bool], now: datetime, limit: int) -> Select[tuple[int]]:
    """Return the statement for the ids of the replies that are next, one of each lane that is free.

    Args:
        platform: of the replies.
        which: among which of them.
        now: the database's time.
        limit: how many at most.
    """
    earlier = aliased(Question)
    answered_at = (
        select(func.max(earlier.delivered_at))
        .where(
            earlier.platform == Question.platform,
            earlier.asker == Question.asker,
            earlier.received_at > now - _MEMORY,
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
            is_due(now),
            or_(Channel.free_at.is_(None), Channel.free_at <= now),
            ~_is_occupied(platform, now),
        )
        .subquery()
    )
    return (
        select(ranked.c.id)
        .where(ranked.c.in_lane == 1)
        .order_by(ranked.c.free_at.nulls_first(), ranked.c.id)
        .limit(limit)
    )


def _is_occupied(platform: str, now: datetime) -> ColumnElement[bool]:
    """Say whether a reply is on its way to the channel of the conversation at hand."""
    sent, question, conversation = aliased(Outbox), aliased(Question), aliased(Conversation)
    return exists(
        select(sent.id)
        .join(question, sent.question_id == question.id)
        .join(conversation, question.conversation_id == conversation.id)
        .where(
            sent.platform == platform,
            sent.state == OutboxState.PENDING,
            sent.lease_owner.is_not(None),
            sent.due_at > now,
            conversation.workspace_id == Conversation.workspace_id,
            conversation.channel == Conversation.channel,
        )
    )

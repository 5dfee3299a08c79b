"""Whose question is next: channels take turns, and within a channel the people in it.

A queue would serve whoever asks most: 150 questions of one person made another wait two minutes. Here each channel
gets one answer before any gets a second, the one that was served longest ago first, and in a channel each person
likewise. It is one statement over what waits in the database, so all daemons on it share the turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from supportbot.db.models import Channel, Conversation, Question
from supportbot.db.states import QuestionState

_MEMORY = timedelta(hours=1)
"""Turns of longer ago don't matter; without a bound, a busy person's whole history would be read each time."""


def is_waiting(now: datetime) -> ColumnElement[bool]:
    """Say which questions wait, or have a worker that is gone."""
    return or_(
        and_(
            Question.state == QuestionState.RECEIVED,
            or_(Question.lease_until.is_(None), Question.lease_until <= now),
        ),
        and_(Question.state == QuestionState.ANSWERING, Question.lease_until <= now),
    )


def next_in_turn(which: ColumnElement[bool], now: datetime, limit: int) -> Select[tuple[int]]:
    """Return the statement for the ids of the questions that are next, in their order.

    Args:
        which: among which questions that wait.
        now: the database's time.
        limit: how many at most.
    """
    earlier = aliased(Question)
    served_at = (
        select(func.max(earlier.claimed_at))
        .where(
            earlier.platform == Question.platform,
            earlier.asker == Question.asker,
            earlier.received_at > now - _MEMORY,
        )
        .scalar_subquery()
    )
    waiting = (
        select(
            Question.id,
            Question.received_at,
            Conversation.workspace_id,
            Conversation.channel,
            Channel.served_at.label("channel_served_at"),
            served_at.label("asker_served_at"),
            func.row_number()
            .over(
                partition_by=(Question.platform, Question.asker),
                order_by=(Question.received_at, Question.id),
            )
            .label("of_asker"),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(
            Channel,
            and_(Channel.workspace_id == Conversation.workspace_id, Channel.channel == Conversation.channel),
        )
        .where(which, is_waiting(now))
        .subquery()
    )
    turns = select(
        waiting,
        func.row_number()
        .over(
            partition_by=(waiting.c.workspace_id, waiting.c.channel),
            order_by=(
                waiting.c.of_asker,
                waiting.c.asker_served_at.nulls_first(),
                waiting.c.received_at,
                waiting.c.id,
            ),
        )
        .label("of_channel"),
    ).subquery()
    return (
        select(turns.c.id)
        .order_by(turns.c.of_channel, turns.c.channel_served_at.nulls_first(), turns.c.received_at, turns.c.id)
        .limit(limit)
    )

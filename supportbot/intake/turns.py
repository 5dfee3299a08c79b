"""Whose question is next: channels take turns, and within a channel the people in it.

A queue would serve whoever asks most: 150 questions of one person made another wait two minutes. Here each channel
gets one answer before any gets a second, the one that was served longest ago first, and in a channel each person
likewise. It is one statement over what waits in the database, so all daemons on it share the turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from supportbot.db.base import UtcDateTime
from supportbot.db.models import IS_OPEN, Channel, Conversation, Question

_MEMORY = timedelta(hours=1)
"""Turns of longer ago don't matter; without a bound, a busy person's whole history would be read each time."""

_NOW = bindparam("now", type_=UtcDateTime())

IS_WAITING = and_(IS_OPEN, or_(Question.lease_until.is_(None), Question.lease_until <= _NOW))
"""Which questions wait, or have a worker that is gone, at the time ``now``."""


def next_in_turn(which: ColumnElement[bool]) -> Select[int]:
    """Return the statement for the ids of the questions that are next.

    It is worth keeping: to put it together takes longer than to run it. Its parameters are those of ``which``, and
    what ``parameters`` returns.

    Args:
        which: among which questions that wait.
    """
    earlier = aliased(Question)
    served_at = (
        select(func.max(earlier.claimed_at))
        .where(
            earlier.platform == Question.platform,
            earlier.asker == Question.asker,
            earlier.received_at > bindparam("since", type_=UtcDateTime()),
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
        .where(which, IS_WAITING)
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
        .limit(bindparam("limit", type_=Integer()))
    )


def parameters(now: datetime) -> dict[str, Any]:
    """Return the parameters of ``next_in_turn`` that depend on the database's time; ``limit`` is another."""
    return {"now": now, "since": now - _MEMORY}

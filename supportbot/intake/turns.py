"""Whose question is next: channels take turns, and within a channel the people in it.

A queue would serve whoever asks most: 150 questions of one person made another wait two minutes. Here each channel
gets one answer before any gets a second, the one that was served longest ago first, and in a channel each person
likewise. It is one statement over what waits in the database, so all daemons on it share the turns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from supportbot.db.base import UtcDateTime
from supportbot.db.models import IS_OPEN, Channel, Conversation, Question

_MEMORY = timedelta(hours=1)
"""Turns of longer ago don't matter; without a bound, a busy person's whole history would be read each time."""

_NOW = bindparam("now", type_=UtcDateTime())

_Text = ColumnElement[str] | InstrumentedAttribute[str]

IS_WAITING = and_(IS_OPEN, or_(Question.lease_until.is_(None), Question.lease_until <= _NOW))
"""Which questions wait, or have a worker that is gone, at the time ``now``."""


def latest_of_asker(platform: _Text, asker: _Text, column: str) -> ScalarSelect[datetime]:
    """Say when a time of this kind last came for a person: they were served then.

    Args:
        platform: column of the person's platform.
        asker: column of their id there.
        column: of a question's times.
    """
    earlier = aliased(Question)
    return (
        select(func.max(getattr(earlier, column)))
        .where(
            earlier.platform == platform,
            earlier.asker == asker,
            earlier.received_at > bindparam("since", type_=UtcDateTime()),
        )
        .scalar_subquery()
    )


def next_in_turn(which: Callable[[type[Question]], ColumnElement[bool]]) -> Select[int]:
    """Return the statement for the ids of the questions that are next.

    It is worth keeping: to put it together takes longer than to run it. Its parameters are those of ``which``,
    ``limit``, and what ``parameters`` returns.

    Args:
        which: among which questions that wait.
    """
    # What waits is looked up first: a database that knows no better reads all that a platform ever asked.
    question = aliased(Question, select(Question).where(IS_WAITING).cte("waits").prefix_with("MATERIALIZED"))
    waiting = (
        select(
            question.id,
            question.received_at,
            Conversation.workspace_id,
            Conversation.channel,
            Channel.served_at.label("channel_served_at"),
            latest_of_asker(question.platform, question.asker, "claimed_at").label("asker_served_at"),
            func.row_number()
            .over(
                partition_by=(question.platform, question.asker),
                order_by=(question.received_at, question.id),
            )
            .label("of_asker"),
        )
        .join(Conversation, question.conversation_id == Conversation.id)
        .outerjoin(
            Channel,
            and_(Channel.workspace_id == Conversation.workspace_id, Channel.channel == Conversation.channel),
        )
        .where(which(question))
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
    """Return the parameters that depend on the database's time."""
    return {"now": now, "since": now - _MEMORY}

"""Which reply goes to which channel next.

A channel is a lane for one reply at a time: while one is being sent there, or the platform wants a pause, the
others wait in the database and delay nobody. The lane that was free for longest comes first. Within a lane, a
notice that the bot is busy comes first, then the person who was answered longest ago. It is one statement, so all
daemons on the database keep the same lanes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from supportbot.db.base import StorableText, UtcDateTime
from supportbot.db.models import Channel, Conversation, Outbox, Question
from supportbot.db.states import OutboxState, QuestionState
from supportbot.intake.turns import latest_of_asker

_NOW = bindparam("now", type_=UtcDateTime())

_MOST = 1_000
"""Replies that are compared, the oldest whose lanes are free; to compare all may take longer than to send."""


def channel_of(outbox: type[Outbox], conversation: type[Conversation]) -> ColumnElement[str]:
    """Say where something goes: to the channel of its question, unless it is for people elsewhere."""
    return func.coalesce(outbox.channel, conversation.channel)


IS_DUE = and_(Outbox.state == OutboxState.PENDING, Outbox.due_at <= _NOW)
"""Which replies may be sent at the time ``now``."""


def is_channel_of(outbox_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Say which channel a reply goes to."""
    # Each part of its name for itself: of both together SQLite looks up the first and reads all channels of it.

    def named(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
        return (
            select(column)
            .select_from(Conversation)
            .join(Question, Question.conversation_id == Conversation.id)
            .join(Outbox, Outbox.question_id == Question.id)
            .where(Outbox.id == outbox_id)
            .scalar_subquery()
        )

    return and_(
        Channel.workspace_id == named(Conversation.workspace_id),
        Channel.channel == named(channel_of(Outbox, Conversation)),
    )


def next_in_lanes(which: ColumnElement[bool]) -> Select[int]:
    """Return the statement for the ids of the replies that are next, one of each lane that is free.

    It is worth keeping: to put it together takes longer than to run it. Its parameters are those of ``which``,
    ``platform``, ``limit``, and what ``turns.parameters`` returns.

    Args:
        which: among which replies.
    """
    channel = channel_of(Outbox, Conversation)
    due = (
        select(
            Outbox.id,
            Question.platform,
            Question.asker,
            Question.state,
            Conversation.workspace_id,
            channel.label("channel"),
            Channel.free_at,
        )
        .select_from(Outbox)
        .join(Question, Outbox.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(
            Channel,
            and_(Channel.workspace_id == Conversation.workspace_id, Channel.channel == channel),
        )
        .where(
            which,
            IS_DUE,
            or_(Channel.free_at.is_(None), Channel.free_at <= _NOW),
            ~tuple_(Conversation.workspace_id, channel).in_(_occupied()),
        )
        .order_by(Outbox.due_at, Outbox.id)
        .limit(_MOST)
        .subquery()
    )
    ranked = select(
        due.c.id,
        due.c.free_at,
        func.row_number()
        .over(
            partition_by=(due.c.workspace_id, due.c.channel),
            order_by=(
                case((due.c.state == QuestionState.REFUSED, 0), else_=1),
                latest_of_asker(due.c.platform, due.c.asker, "delivered_at").nulls_first(),
                due.c.id,
            ),
        )
        .label("in_lane"),
    ).subquery()
    return (
        select(ranked.c.id)
        .where(ranked.c.in_lane == 1)
        .order_by(ranked.c.free_at.nulls_first(), ranked.c.id)
        .limit(bindparam("limit", type_=Integer()))
    )


def _occupied() -> Select[int, str]:
    """Return the statement for the channels to which a reply is on its way."""
    sent, question, conversation = aliased(Outbox), aliased(Question), aliased(Conversation)
    return (
        select(conversation.workspace_id, channel_of(sent, conversation))
        .select_from(conversation)
        .join(question, question.conversation_id == conversation.id)
        .join(sent, sent.question_id == question.id)
        .where(
            sent.platform == bindparam("platform", type_=StorableText()),
            sent.state == OutboxState.PENDING,
            sent.lease_owner.is_not(None),
            sent.due_at > _NOW,
        )
    )

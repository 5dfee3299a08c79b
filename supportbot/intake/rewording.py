"""Askers who think again too late: a question that was edited after its answer may be asked as it reads now.

The offer is one message for each question, whose button asks the newest text; so a second edit shows nothing new.
Nothing is offered for an edit that changes no words, long after the question, or where the bot is not to speak.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Conversation, Outbox, Question
from supportbot.db.states import AnswerSource, OutboxKind, QuestionState
from supportbot.intake.normalise import normalise_question
from supportbot.intake.questions import has_words
from supportbot.intake.replies import pending
from supportbot.policies.layers import effective_of
from supportbot.policies.policy import AnswerOn

_WITHIN = timedelta(hours=12)
"""Who comes back the next day starts again, as with follow-ups (``earlier``)."""

_ENDS = "?!.,;:…"


async def is_reworded(session: AsyncSession, platform: str, identity: str, text: str) -> bool:
    """Return whether a message is a question that was answered and now says something else; this only looks."""
    row = (await session.execute(_answered(platform, identity))).one_or_none()
    if row is None or not has_words(text):
        return False
    if not says_the_same(row.text, text):
        return True
    return await session.scalar(_offer_for(row.id)) is not None  # edited back: the button must ask that


def offer(platform: str, identity: str, text: str, connection: Connection) -> int | None:
    """Offer to ask a question again as it reads now.

    Args:
        platform: as in ``IncomingQuestion``.
        identity: as above.
        text: what it says now.
        connection: of a transaction that writes.

    Returns:
        The question, if a message must be shown.
    """
    row = connection.execute(_answered(platform, identity).with_for_update(of=Question)).one_or_none()
    if row is None:
        return None
    if (outbox_id := connection.scalar(_offer_for(row.id))) is not None:
        connection.execute(update(table_of(Outbox)).where(Outbox.id == outbox_id).values(text=text))
        return None
    now = now_of(connection)
    if says_the_same(row.text, text) or now - row.received_at > _WITHIN or _is_silent(connection, row):
        return None
    note = {"anchor": row.reply_identity}
    shown = pending(row.id, row.answer_id, platform, text, now, kind=OutboxKind.ASK_AGAIN, note=note)
    connection.execute(insert(table_of(Outbox)), [shown])
    return int(row.id)


def says_the_same(one: str, other: str) -> bool:
    """Return whether two texts ask the same, apart from case, white space, greetings and punctuation."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    stripped = (word.strip(_ENDS) for word in normalise_question(text).casefold().split())
    return [word for word in stripped if word]


def _is_silent(connection: Connection, row: Row[*tuple[Any, ...]]) -> bool:
    """Return whether the bot is not to speak there unless somebody names it."""
    policy = effective_of(connection, row.workspace_id, row.channel, None)
    return bool(row.is_quiet) or policy.answer_on is AnswerOn.NEVER


def _answered(platform: str, identity: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Question.id,
            Question.text,
            Question.received_at,
            Answer.id.label("answer_id"),
            Answer.reply_identity,
            Conversation.workspace_id,
            Conversation.channel,
            Conversation.is_quiet,
        )
        .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .join(Conversation, Question.conversation_id == Conversation.id)
        .where(
            Question.platform == platform,
            Question.identity == identity,
            Question.state.in_((QuestionState.ANSWERED, QuestionState.DELIVERED)),
            Question.unasked.is_(False),
        )
    )


def _offer_for(question_id: int) -> Select[int]:
    return select(Outbox.id).where(Outbox.question_id == question_id, Outbox.kind == OutboxKind.ASK_AGAIN)

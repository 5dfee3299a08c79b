"""Questions that were not answered well: the bot was not sure, the answer was voted down, or a human was asked.

What is read here is what people wrote; whoever shows it redacts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Feedback, Handoff, Question
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.earlier import meaning_of
from supportbot.intake.questions import PRIVATELY, Grounds
from supportbot.statistics.asked import asked_in

MOST_UNMET = 500
"""Questions that are compared, the newest: to encode them takes seconds, and each is compared with each."""

_UNTOLD = tuple(set(QuestionState) - {QuestionState.ANSWERED, QuestionState.DELIVERED})
"""What no answer has reached; told so, SQLite goes back from the newest instead of by an index of states."""


class Shortfall(StrEnum):
    """Why a question counts as not answered well; of several, the one that says most."""

    HANDED_OFF = "handed_off"
    VOTED_DOWN = "voted_down"
    NOT_SURE = "not_sure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A question that was not answered well.

    Attributes:
        question_id: its number.
        workspace_id: where it was asked.
        asker: unique within its workspace.
        text: as it was asked.
        meaning: likewise; of a follow-up, what it was taken for.
        is_private: whether only its asker and the bot have seen it.
        shortfall: what was not well.
        entry_id: the approved answer that it was given, if it was.
        asked_at: when it was received.
        told_at: when it was answered.
    """

    question_id: int
    workspace_id: int
    asker: str
    text: str
    meaning: str
    is_private: bool
    shortfall: Shortfall
    entry_id: int | None
    asked_at: datetime
    told_at: datetime


async def read_unmet(session: AsyncSession, workspace_id: int | None, since: datetime) -> list[Unmet]:
    """Return the questions that the bot was not sure of, that were voted down, or that a human was asked.

    Args:
        session: to read with.
        workspace_id: its number; None for all, which only an operator may see.
        since: when the earliest was asked.

    Returns:
        The newest ``MOST_UNMET``, the newest first.
    """
    opinion = select(func.sum(Feedback.vote)).where(Feedback.answer_id == Answer.id).scalar_subquery()
    query = (
        select(
            Question.id,
            Question.platform,
            Question.asker,
            Question.text,
            Question.reply_to,
            Question.received_at,
            Conversation.workspace_id,
            Conversation.channel,
            Answer.source,
            Answer.entry_id,
            Answer.grounds,
            Answer.reply_identity,
            Answer.created_at,
            Handoff.id.label("handoff_id"),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(
            *asked_in(workspace_id, since),
            Question.state.not_in(_UNTOLD),
            or_(Answer.source == AnswerSource.NOT_SURE, Handoff.id.is_not(None), opinion < 0),
        )
        .order_by(Question.received_at.desc(), Question.id.desc())
        .limit(MOST_UNMET)
    )
    return [_unmet(row) for row in await session.execute(query)]


def _unmet(row: Row[*tuple[Any, ...]]) -> Unmet:
    was_asked = row.handoff_id is not None
    if was_asked:
        shortfall = Shortfall.HANDED_OFF
    else:
        shortfall = Shortfall.NOT_SURE if row.source is AnswerSource.NOT_SURE else Shortfall.VOTED_DOWN
    return Unmet(
        question_id=row.id,
        workspace_id=row.workspace_id,
        asker=row.asker,
        text=row.text,
        meaning=meaning_of(row.text, Grounds.from_record(row.grounds)),
        is_private=not was_asked and _is_private(row),  # who asks a human shows the question to people
        shortfall=shortfall,
        entry_id=row.entry_id,
        asked_at=row.received_at,
        told_at=row.created_at,
    )


def _is_private(row: Row[*tuple[Any, ...]]) -> bool:
    """Return whether nobody but its asker has seen a question, as far as the record tells.

    In Slack alone direct messages are part of a workspace; the ids of their channels begin with D, and what was
    shown to one person in a channel is called private. Of the page, whoever runs it sees what is asked.
    """
    was_shown_to_one = PRIVATELY in row.reply_to or str(row.reply_identity).endswith(":private")
    return was_shown_to_one or (row.platform == "slack" and row.channel.startswith("D"))

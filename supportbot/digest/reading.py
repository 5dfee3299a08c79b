"""What happened in one workspace, read from the record: the questions that were not answered well, and who helped.

Nothing of another workspace is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Feedback, Handoff, Outbox, Question
from supportbot.db.states import AnswerSource, OutboxKind, QuestionState
from supportbot.digest.gaps import Unmet
from supportbot.intake.questions import PRIVATELY

MOST_UNMET = 500
"""Questions that are compared, the newest: to encode them takes seconds, and each is compared with each."""


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody who answered what the bot did not know.

    Attributes:
        signed: what the platform's adapter needs to name them, as ``Remark.signed``; empty where nothing was
            passed on, for then only a digest of them is kept.
        platform: on which they wrote.
        questions: how many of these they answered.
    """

    signed: str
    platform: str
    questions: int


async def read_unmet(session: AsyncSession, workspace_id: int, since: datetime) -> list[Unmet]:
    """Return the questions that the bot was not sure of, that were voted down, or that a human was asked.

    Args:
        session: to read with.
        workspace_id: its number.
        since: when the earliest was asked.

    Returns:
        The newest ``MOST_UNMET``, the newest first.
    """
    voted_down = select(Feedback.answer_id).group_by(Feedback.answer_id).having(func.sum(Feedback.vote) < 0)
    query = (
        select(
            Question.platform,
            Question.asker,
            Question.text,
            Question.reply_to,
            Conversation.channel,
            Answer.reply_identity,
            Handoff.id.label("handoff_id"),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(
            Conversation.workspace_id == workspace_id,
            Question.received_at >= since,
            Question.state.in_((QuestionState.ANSWERED, QuestionState.DELIVERED)),
            or_(Answer.source == AnswerSource.NOT_SURE, Handoff.id.is_not(None), Answer.id.in_(voted_down)),
        )
        .order_by(Question.id.desc())
        .limit(MOST_UNMET)
    )
    return [
        # Who asks a human shows the question to people.
        Unmet(row.asker, row.text, row.handoff_id is None and _is_private(row))
        for row in await session.execute(query)
    ]


async def read_helpers(session: AsyncSession, workspace_id: int, since: datetime) -> list[Helper]:
    """Return who answered what the bot did not know, those who answered most first.

    Args:
        session: to read with.
        workspace_id: of the questions.
        since: when the earliest answer was written.
    """
    query = (
        select(Answer.author, Answer.question_id, Answer.reply_identity, Outbox.note)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(Outbox, (Outbox.answer_id == Answer.id) & (Outbox.kind == OutboxKind.RELAY))
        .where(
            Conversation.workspace_id == workspace_id,
            Answer.source == AnswerSource.HUMAN,
            Answer.created_at >= since,
        )
        .order_by(Answer.id)
    )
    questions: dict[str, set[int]] = {}
    signed: dict[str, str] = {}
    platforms: dict[str, str] = {}
    for author, question_id, identity, note in await session.execute(query):
        questions.setdefault(author, set()).add(question_id)
        platforms[author] = str(identity).partition(":")[0]
        if note and note.get("author"):
            signed[author] = str(note["author"])  # the latest: a person may have changed their name
    helpers = [Helper(signed.get(one, ""), platforms[one], len(found)) for one, found in questions.items()]
    return sorted(helpers, key=lambda helper: (-helper.questions, helper.signed))


def _is_private(row: Row[*tuple[Any, ...]]) -> bool:
    """Return whether nobody but its asker has seen a question, as far as the record tells.

    In Slack alone direct messages are part of a workspace; the ids of their channels begin with D, and what was
    shown to one person in a channel is called private. Of the page, whoever runs it sees what is asked.
    """
    was_shown_to_one = PRIVATELY in row.reply_to or str(row.reply_identity).endswith(":private")
    return was_shown_to_one or (row.platform == "slack" and row.channel.startswith("D"))

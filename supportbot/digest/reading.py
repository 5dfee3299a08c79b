"""Who helped in one workspace, read from the record.

Nothing of another workspace is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Outbox, Question
from supportbot.db.states import AnswerSource, OutboxKind


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

"""Questions of the log that a curator answers: rows for training that stay theirs who asked.

Such a row says whose question it was, of which workspace and of which answer it was made. So elsewhere it counts
with that workspace's consent only, and goes with whoever asked. The answer is the curator's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Question, Workspace
from supportbot.db.states import AnswerSource, ExampleSource
from supportbot.feedback.curation._insert import Candidate
from supportbot.intake.earlier import meaning_of
from supportbot.intake.people import person_of
from supportbot.intake.questions import Grounds


async def heard(session: AsyncSession, question_ids: Collection[int], answer: str) -> list[Candidate]:
    """Return answered questions of the log as rows for training, not redacted yet, the oldest first.

    Args:
        session: to read with.
        question_ids: which; those that are gone are left out.
        answer: what a curator answers.
    """
    query = (
        select(
            Question.text,
            Question.asker,
            Answer.id,
            Answer.grounds,
            Workspace.id.label("workspace_id"),
            Workspace.platform,
            Workspace.external_id,
            Conversation.channel,
            Conversation.thread,
        )
        .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Question.id.in_(question_ids))
        .order_by(Question.id)
    )
    # One for each answer that is ever given to it: a row that is rejected with its entry does not come back.
    digest = hashlib.sha256(answer.encode()).hexdigest()[:16]
    return [
        Candidate(
            origin=f"gap:{row.id}:{digest}",
            source=ExampleSource.HUMAN,
            question=meaning_of(row.text, Grounds.from_record(row.grounds)),
            answer=answer,
            conversation=f"{row.platform}:{row.external_id}:{row.channel}:{row.thread}",
            origin_answer_id=row.id,
            workspace_id=row.workspace_id,
            person=person_of(row.platform, row.external_id, row.asker),
        )
        for row in await session.execute(query)
    ]


async def still_there(session: AsyncSession, rows: Sequence[Candidate]) -> list[Candidate]:
    """Leave out what was erased while it was redacted, or it would be written again; the rest stays till then."""
    numbers = [row.origin_answer_id for row in rows if row.origin_answer_id is not None]
    query = select(Answer.id).where(Answer.id.in_(numbers)).order_by(Answer.id).with_for_update()
    there = set(await session.scalars(query)) if numbers else set()
    return [row for row in rows if row.origin_answer_id is None or row.origin_answer_id in there]

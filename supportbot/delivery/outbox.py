"""The durable outbox: replies that must reach the platform, each exactly once.

A reply is claimed by pushing its ``due_at`` into the future: whoever did that may try to send it, and if the
sender dies the reply comes due again. Because a crash between the platform's "accepted" and our note of it is
always possible, a later attempt says that it is one, and the platform's sender looks for its own mark first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from supportbot.db.models import Answer, Conversation, Question, Workspace
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxState, QuestionState
from supportbot.intake.questions import Grounds

SEND_LEASE = timedelta(seconds=60)
"""How long one attempt to send may take before another is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One reply on its way, with all that a platform's sender needs.

    Attributes:
        outbox_id: the reply's own number.
        mark: the idempotency mark, the same at every attempt and unique over all databases; 25 characters at
            most, which is what a Discord nonce may have.
        attempt: 1 for the first; later ones must look for their own mark before they send.
        grounds: approved answers and suggestions that it stands on.
        votable: whether 👍 and 👎 make sense under it.
        reply_to: what the adapter noted when it heard the question.
    """

    outbox_id: int
    question_id: int
    answer_id: int
    platform: str
    workspace: str
    channel: str
    thread: str
    asker: str
    question: str
    text: str
    source: AnswerSource
    grounds: Grounds
    model_version: str | None
    reply_to: Mapping[str, Any]
    attempt: int
    votable: bool
    created_at: datetime
    mark: str


class Outbox:
    """Replies in the database.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, platform: str, limit: int) -> list[Delivery]:
        """Take up to ``limit`` replies of a platform that are due, the oldest first."""
        now = datetime.now(UTC)
        async with self._database.write() as session:
            ids = (
                await session.scalars(
                    select(OutboxRow.id)
                    .where(
                        OutboxRow.platform == platform,
                        OutboxRow.state == OutboxState.PENDING,
                        OutboxRow.due_at <= now,
                    )
                    .order_by(OutboxRow.id)
                    .limit(limit)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            if not ids:
                return []
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.id.in_(ids))
                .values(attempts=OutboxRow.attempts + 1, due_at=now + SEND_LEASE)
            )
            rows = await session.execute(
                select(OutboxRow, Answer, Question, Conversation, Workspace)
                .join(Answer, OutboxRow.answer_id == Answer.id)
                .join(Question, OutboxRow.question_id == Question.id)
                .join(Conversation, Question.conversation_id == Conversation.id)
                .join(Workspace, Conversation.workspace_id == Workspace.id)
                .where(OutboxRow.id.in_(ids))
                .order_by(OutboxRow.id)
            )
            return [
                Delivery(
                    outbox_id=outbox.id,
                    question_id=question.id,
                    answer_id=answer.id,
                    platform=platform,
                    workspace=workspace.external_id,
                    channel=conversation.channel,
                    thread=conversation.thread,
                    asker=question.asker,
                    question=question.text,
                    text=answer.text,
                    source=answer.source,
                    grounds=Grounds.from_record(answer.grounds),
                    model_version=answer.model_version,
                    reply_to=question.reply_to,
                    attempt=outbox.attempts,
                    votable=question.state == QuestionState.ANSWERED,
                    created_at=outbox.created_at,
                    mark=outbox.mark,
                )
                for outbox, answer, question, conversation, workspace in rows
            ]

    async def delivered(self, outbox_id: int, reply_identity: str) -> None:
        """Note that a reply is on the platform, and under which identity."""
        now = datetime.now(UTC)
        async with self._database.write() as session:
            row = (
                await session.execute(
                    update(OutboxRow)
                    .where(OutboxRow.id == outbox_id)
                    .values(state=OutboxState.DELIVERED, delivered_at=now)
                    .returning(OutboxRow.answer_id, OutboxRow.question_id)
                )
            ).one_or_none()
            if row is None:  # erased while it was on its way
                return
            await session.execute(
                update(Answer).where(Answer.id == row.answer_id).values(reply_identity=reply_identity)
            )
            await session.execute(
                update(Question)
                .where(Question.id == row.question_id, Question.state == QuestionState.ANSWERED)
                .values(state=QuestionState.DELIVERED)
            )
            await session.execute(update(Question).where(Question.id == row.question_id).values(delivered_at=now))

    async def postpone(self, outbox_id: int, delay: timedelta, error: str, *, unsent: bool) -> None:
        """Make a reply due again after ``delay``; if it is certainly ``unsent``, this was no attempt."""
        async with self._database.write() as session:
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == outbox_id)
                .values(
                    due_at=datetime.now(UTC) + delay,
                    last_error=error,
                    attempts=OutboxRow.attempts - int(unsent),
                )
            )

    async def give_up(self, outbox_id: int, error: str) -> None:
        """Note that a reply can never be delivered, such as into an archived channel."""
        async with self._database.write() as session:
            question_id = await session.scalar(
                update(OutboxRow)
                .where(OutboxRow.id == outbox_id)
                .values(state=OutboxState.FAILED, last_error=error)
                .returning(OutboxRow.question_id)
            )
            await session.execute(
                update(Question)
                .where(Question.id == question_id)
                .values(state=QuestionState.FAILED, reason=f"not delivered: {error}")
            )

    async def recover(self) -> None:
        """Make every open reply due now, on a database that only this process uses."""
        async with self._database.write() as session:
            await session.execute(
                update(OutboxRow).where(OutboxRow.state == OutboxState.PENDING).values(due_at=datetime.now(UTC))
            )

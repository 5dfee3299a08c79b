"""The durable inbox: what was heard, who is working on it, and what became of it.

A question is committed before the platform hears "received", and its platform identity is unique, so nothing is
lost and a second delivery of the same event changes nothing. Workers claim a question with a lease; when a worker
dies, the lease runs out and another takes over. An answer and the outbox row that will carry it to the platform
are written in one transaction, together with the question's next state.

What people write where the bot has handed off is heard here as well; which that is, ``handoff`` knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import OutboxState, QuestionState
from supportbot.intake import handoff
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.questions import Accepted, Claim, IncomingQuestion, Reply


class Inbox:
    """Questions in the database.

    Args:
        database: where they are kept.
        owner: unique name of this process, written on its claims.
        lease: how long a claim holds; longer than the longest answer takes, so no live worker ever loses one.
    """

    def __init__(self, database: Database, owner: str, lease: timedelta) -> None:
        self._database = database
        self._owner = owner
        self._lease = lease

    async def accept(self, incoming: IncomingQuestion) -> Accepted:
        """Commit a question, unless its identity is known already."""
        async with self._database.write() as session:
            known = await session.scalar(
                select(Question.id).where(
                    Question.platform == incoming.platform, Question.identity == incoming.identity
                )
            )
            if known is not None:
                return Accepted(known, new=False)
            now = datetime.now(UTC)
            conversation_id = await self._conversation(session, incoming, now)
            question_id = await _insert_new(
                session,
                Question,
                {
                    "conversation_id": conversation_id,
                    "platform": incoming.platform,
                    "identity": incoming.identity,
                    "asker": incoming.asker,
                    "text": incoming.text,
                    "reply_to": dict(incoming.reply_to),
                    "state": QuestionState.RECEIVED,
                    "attempts": 0,
                    "received_at": now,
                },
            )
            if question_id is None:  # another daemon on the same PostgreSQL was first
                known = await session.scalar(
                    select(Question.id).where(
                        Question.platform == incoming.platform, Question.identity == incoming.identity
                    )
                )
                assert known is not None  # noqa: S101 - the unique constraint that refused us names this row
                return Accepted(known, new=False)
            return Accepted(question_id, new=True)

    async def accept_remark(self, remark: Remark) -> Heard:
        """Commit what a person wrote, if it answers a question that the bot has handed off."""
        async with self._database.read() as session:  # most of what is heard is none of ours: no lock for that
            if not await handoff.is_awaited(session, remark):
                return Heard.NOT_OURS
        async with self._database.write() as session:
            return await handoff.keep(session, remark)

    async def change_remark(self, platform: str, identity: str, text: str | None) -> None:
        """Follow an author who edited or deleted a message; one that is not kept changes nothing."""
        async with self._database.read() as session:
            if not await handoff.is_kept(session, platform, identity):
                return
        async with self._database.write() as session:
            await handoff.change(session, platform, identity, text)

    async def claim(self, platforms: Collection[str], limit: int) -> list[Claim]:
        """Take up to ``limit`` of the oldest questions that wait, or whose worker is gone."""
        return await self._claim(Question.platform.in_(platforms), limit)

    async def claim_one(self, question_id: int) -> Claim | None:
        """Take one particular question, if it still waits."""
        claims = await self._claim(Question.id == question_id, limit=1)
        return claims[0] if claims else None

    async def _claim(self, which: ColumnElement[bool], limit: int) -> list[Claim]:
        now = datetime.now(UTC)
        waiting = or_(
            and_(
                Question.state == QuestionState.RECEIVED,
                or_(Question.lease_until.is_(None), Question.lease_until <= now),
            ),
            and_(Question.state == QuestionState.ANSWERING, Question.lease_until <= now),
        )
        async with self._database.write() as session:
            # SQLite has one writer at a time and ignores FOR UPDATE; PostgreSQL passes over what others hold.
            ids = (
                await session.scalars(
                    select(Question.id)
                    .where(which, waiting)
                    .order_by(Question.received_at, Question.id)
                    .limit(limit)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            if not ids:
                return []
            rows = await session.execute(
                update(Question)
                .where(Question.id.in_(ids))
                .values(
                    state=QuestionState.ANSWERING,
                    attempts=Question.attempts + 1,
                    lease_owner=self._owner,
                    lease_until=now + self._lease,
                )
                .returning(
                    Question.id,
                    Question.platform,
                    select(Conversation.workspace_id)
                    .where(Conversation.id == Question.conversation_id)
                    .scalar_subquery(),
                    Question.text,
                    Question.attempts,
                    Question.received_at,
                )
            )
            claims = [Claim(*row) for row in rows]
        return sorted(claims, key=lambda claim: (claim.received_at, claim.question_id))

    async def release(
        self, question_id: int, *, retry_in: timedelta = timedelta(), attempted: bool = True
    ) -> None:
        """Give a claimed question back, unanswered.

        Args:
            question_id: claimed by this process.
            retry_in: until it may be claimed again.
            attempted: whether that was an attempt; a question that only had to wait has lost none.
        """
        async with self._database.write() as session:
            await session.execute(
                update(Question)
                .where(self._is_mine(question_id))
                .values(
                    state=QuestionState.RECEIVED,
                    lease_owner=None,
                    lease_until=datetime.now(UTC) + retry_in if retry_in else None,
                    attempts=Question.attempts if attempted else Question.attempts - 1,
                )
            )

    async def finish(
        self,
        question_id: int,
        reply: Reply,
        *,
        state: QuestionState = QuestionState.ANSWERED,
        reason: str | None = None,
    ) -> int | None:
        """Write the reply, the question's next state and the outbox row in one transaction.

        Args:
            question_id: claimed by this process.
            reply: what the asker is told.
            state: ``ANSWERED``, or ``FAILED`` or ``EXPIRED`` with a ``reason``.
            reason: why there is no answer.

        Returns:
            The answer's id, or None when the claim was lost and somebody else answers.
        """
        now = datetime.now(UTC)
        async with self._database.write() as session:
            platform = await session.scalar(
                update(Question)
                .where(self._is_mine(question_id))
                .values(state=state, reason=reason, answered_at=now, lease_owner=None, lease_until=None)
                .returning(Question.platform)
            )
            if platform is None:
                return None
            answer = Answer(
                question_id=question_id,
                text=reply.text,
                source=reply.source,
                model_version=reply.model_version,
                sampling=dict(reply.sampling) if reply.sampling is not None else None,
                seed=reply.seed,
                prompt=reply.prompt,
                shortened=reply.shortened,
                draft=reply.draft,
                prompt_tokens=reply.prompt_tokens,
                answer_tokens=reply.answer_tokens,
                finish=reply.finish,
                confidence=reply.confidence,
                mean_logprob=reply.mean_logprob,
                latency_ms=reply.latency_ms,
                entry_id=reply.grounds.verified[0].entry_id if reply.grounds.verified else None,
                similarity=reply.grounds.verified[0].similarity if reply.grounds.verified else None,
                grounds=reply.grounds.as_record(),
                created_at=now,
            )
            session.add(answer)
            await session.flush()
            session.add(
                Outbox(
                    question_id=question_id,
                    answer_id=answer.id,
                    platform=platform,
                    mark=f"sb-{secrets.token_hex(10)}",
                    text=reply.text,
                    state=OutboxState.PENDING,
                    due_at=now,
                    created_at=now,
                )
            )
            return answer.id

    async def recover(self, platforms: Collection[str]) -> int:
        """Free every claim on a database that only this process uses; return how many were left by a crash."""
        async with self._database.write() as session:
            rows = await session.execute(
                update(Question)
                .where(Question.platform.in_(platforms), Question.state == QuestionState.ANSWERING)
                .values(state=QuestionState.RECEIVED, lease_owner=None, lease_until=None)
                .returning(Question.id)
            )
            return len(rows.all())

    async def waiting(self) -> int:
        """Return how many questions have no answer yet."""
        async with self._database.read() as session:
            return (
                await session.scalar(
                    select(func.count())
                    .select_from(Question)
                    .where(Question.state.in_([QuestionState.RECEIVED, QuestionState.ANSWERING]))
                )
                or 0
            )

    def _is_mine(self, question_id: int) -> ColumnElement[bool]:
        return and_(
            Question.id == question_id,
            Question.state == QuestionState.ANSWERING,
            Question.lease_owner == self._owner,
        )

    async def _conversation(self, session: AsyncSession, incoming: IncomingQuestion, now: datetime) -> int:
        workspace = {"platform": incoming.platform, "external_id": incoming.workspace}
        workspace_id = await _find_or_insert(
            session,
            Workspace,
            workspace,
            {"name": incoming.workspace_name, "settings": {}, "created_at": now},
        )
        conversation = {
            "workspace_id": workspace_id,
            "channel": incoming.channel,
            "thread": incoming.thread,
        }
        return await _find_or_insert(session, Conversation, conversation, {"created_at": now})


async def _find_or_insert(
    session: AsyncSession,
    model: type[Workspace | Conversation],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
) -> int:
    """Return the id of the row with this unique key, inserting it if there is none."""
    # Locked as a foreign key locks it: whoever erases conversations without questions waits, and sees ours then.
    find = select(model.id).filter_by(**key).with_for_update(read=True, key_share=True)
    if (found := await session.scalar(find)) is not None:
        return found
    inserted = await _insert_new(session, model, {**key, **values})
    if inserted is not None:
        return inserted
    found = await session.scalar(find)
    assert found is not None  # noqa: S101 - the unique constraint that refused the insert names this row
    return found


async def _insert_new(
    session: AsyncSession, model: type[Workspace | Conversation | Question], values: Mapping[str, Any]
) -> int | None:
    """Insert a row unless a unique constraint is in the way; return its id, or None."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(model.id)
    return await session.scalar(statement)

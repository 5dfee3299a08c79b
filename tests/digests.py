"""Weekly digests that are due, for tests: whatever day it is."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from supportbot.db.models import Answer, Conversation, DigestPost, Feedback, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxKind, OutboxState, QuestionState
from supportbot.digest.posts import Post
from supportbot.intake.replies import pending
from tests.policies import decide

WEEK = date(2026, 11, 30)


async def make_due(database: Database, platform: str, workspace: str, channel: str) -> int:
    """Let the digest of a workspace be due in a channel, as on a Monday at nine; return its number."""
    await decide(database, platform, workspace, digest=True, digest_channel=channel)
    now = datetime.now(UTC)
    async with database.write() as session:
        row = DigestPost(
            workspace_id=await session.scalar(
                select(Workspace.id).filter_by(platform=platform, external_id=workspace)
            ),
            week=WEEK,
            platform=platform,
            channel=channel,
            mark=secrets.token_urlsafe(12),
            state=OutboxState.PENDING,
            due_at=now,
            expires_at=now + timedelta(days=1),
            created_at=now,
        )
        session.add(row)
        await session.flush()
        return row.id


async def states(database: Database) -> list[OutboxState]:
    """Return what became of the digests."""
    async with database.read() as session:
        return list(await session.scalars(select(DigestPost.state).order_by(DigestPost.id)))


def post(**changes: Any) -> Post:
    """Return a digest on its way."""
    values: dict[str, Any] = {
        "post_id": 1,
        "workspace_id": 1,
        "home": "slack",
        "workspace": "T1",
        "platform": "slack",
        "channel": "C9",
        "mark": "mark",
        "attempt": 1,
        "week": WEEK,
        "created_at": datetime.now(UTC),
        "age": timedelta(),
        "has_expired": False,
    }
    return Post(**(values | changes))


async def ask(
    database: Database,
    workspace_id: int,
    text: str,
    source: AnswerSource = AnswerSource.NOT_SURE,
    *,
    platform: str = "slack",
    asker: str = "U1",
    channel: str = "C1",
    days_ago: float = 0.1,
    votes: tuple[int, ...] = (),
    reply_to: dict[str, Any] | None = None,
    reply_identity: str | None = None,
) -> int:
    """Put a question with the bot's answer into the record; return the question's number."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    name = secrets.token_hex(8)
    async with database.write() as session:
        place = Conversation(workspace_id=workspace_id, channel=channel, thread=name, created_at=at)
        session.add(place)
        await session.flush()
        question = Question(
            conversation_id=place.id,
            platform=platform,
            identity=name,
            asker=asker,
            text=text,
            reply_to=reply_to or {},
            state=QuestionState.DELIVERED,
            received_at=at,
            answered_at=at,
        )
        session.add(question)
        await session.flush()
        answer = Answer(
            question_id=question.id, text="Said.", source=source, reply_identity=reply_identity, created_at=at
        )
        session.add(answer)
        await session.flush()
        for voter, vote in enumerate(votes):
            voted = f"slack:T1:U{voter}"
            session.add(Feedback(answer_id=answer.id, voter=voted, vote=vote, created_at=at, updated_at=at))
        return question.id


async def help_with(
    database: Database, question_id: int, author: str, signed: str = "", *, platform: str = "slack"
) -> None:
    """Let a person have answered a question, passed on to its asker if it is signed."""
    now = datetime.now(UTC)
    async with database.write() as session:
        answer = Answer(
            question_id=question_id,
            text="Ask Bo.",
            source=AnswerSource.HUMAN,
            author=author,
            reply_identity=f"{platform}:{secrets.token_hex(8)}",
            created_at=now,
        )
        session.add(answer)
        await session.flush()
        if signed:
            note = {"author": signed, "on": platform}
            relay = pending(question_id, answer.id, platform, "", now, kind=OutboxKind.RELAY, note=note)
            await session.execute(insert(Outbox), [relay])

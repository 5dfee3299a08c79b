"""Messages of people who were erased must not come back.

Slack delivers unacknowledged events again, and both platforms keep messages: after a restart the bot reads a
channel back, and the message is still there. So each erased message is remembered for a while, by a digest of its
id on the platform, without its author and its text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now as database_now
from supportbot.db.models import Answer, ErasedMessage, Question
from supportbot.db.states import AnswerSource

REMEMBERED = timedelta(days=7)
"""Channels are read back as far as a question is worth answering, by default 30 minutes."""


def digest_of(platform: str, identity: str) -> str:
    """Return the digest by which an erased message is recognised."""
    return hashlib.sha256(f"{platform}:{identity}".encode("utf-8", "surrogatepass")).hexdigest()


def find(platform: str, identity: str) -> Select[str]:
    """Return the statement that finds a message among those that were erased."""
    return select(ErasedMessage.digest).where(ErasedMessage.digest == digest_of(platform, identity))


async def remember_questions(session: AsyncSession, question_ids: Collection[int]) -> None:
    """Remember questions that are about to be erased."""
    rows = await session.execute(select(Question.platform, Question.identity).where(Question.id.in_(question_ids)))
    await _remember(session, {digest_of(platform, identity) for platform, identity in rows})


async def remember_answers(session: AsyncSession, answer_ids: Collection[int]) -> None:
    """Remember answers of people that are about to be erased."""
    names = await session.scalars(
        select(Answer.reply_identity).where(Answer.id.in_(answer_ids), Answer.source == AnswerSource.HUMAN)
    )
    # A person may have answered on another platform than that of the question; theirs begins the name.
    said = (name.partition(":") for name in names if name is not None)
    await _remember(session, {digest_of(platform, identity) for platform, _, identity in said})


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Forget messages that no platform delivers any more."""
    await session.execute(delete(ErasedMessage).where(ErasedMessage.erased_at < now - REMEMBERED))


async def _remember(session: AsyncSession, digests: Collection[str]) -> None:
    now = await database_now(session)
    known = set(await session.scalars(select(ErasedMessage.digest).where(ErasedMessage.digest.in_(digests))))
    session.add_all(ErasedMessage(digest=digest, erased_at=now) for digest in sorted(set(digests) - known))
    await session.flush()

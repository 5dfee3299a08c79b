"""Messages of people who were erased must not come back.

Slack tells again what was not acknowledged, and both platforms keep what was said: after a restart a channel is
read back, and there the message still stands. So each erased message is remembered for a while, by a digest of its
name on the platform; neither who wrote it nor what it said.
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
    """Return by what an erased message is known again."""
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
    """Forget what no platform tells any more."""
    await session.execute(delete(ErasedMessage).where(ErasedMessage.erased_at < now - REMEMBERED))


async def _remember(session: AsyncSession, digests: Collection[str]) -> None:
    now = await database_now(session)
    known = set(await session.scalars(select(ErasedMessage.digest).where(ErasedMessage.digest.in_(digests))))
    session.add_all(ErasedMessage(digest=digest, erased_at=now) for digest in sorted(set(digests) - known))
    await session.flush()

"""Conversations that are older than is wanted: erased some at a time, with what was learned from them kept.

What a curator approved stays: wordings and answers of the knowledge, and rows for training that are redacted and
whose workspace consented. A wording of a workspace without consent loses its row for training and stays knowledge
of that workspace. All other rows that were made of the conversation go with it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Example, Question, Wording
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus
from supportbot.feedback.consent import counts_for_training
from supportbot.knowledge.store import raise_revision
from supportbot.privacy.found import PAGE, examples_of_answers
from supportbot.privacy.ledger import Ledger
from supportbot.privacy.rows import erase_questions, lock_questions

_LOCK = 0x5375_7070_6F72_7403
"""Whoever erases old conversations holds this advisory lock of PostgreSQL; a SQLite file has one daemon."""

_PAUSE_SECONDS = 0.05
"""Between two batches, for questions that want to be written meanwhile."""

BY = "SUPPORTBOT_RETENTION_DAYS"
"""Who erases, for the audit: the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is, and what would go.

    Attributes:
        questions: in the log.
        oldest: when the oldest was asked; None for an empty log.
        questions_to_go: that are older than is wanted.
        answers_to_go: of those.
        approved_rows: rows for training that stay whatever their conversation's age.
    """

    questions: int
    oldest: datetime | None
    questions_to_go: int
    answers_to_go: int
    approved_rows: int


async def standing(database: Database, days: int | None) -> Standing:
    """Return how old the log is; without ``days`` nothing is too old."""
    old = _is_old(days) if days is not None else Question.id.is_(None)
    async with database.read() as session:
        row = (
            await session.execute(select(func.count(), func.min(Question.received_at)).select_from(Question))
        ).one()
        to_go = await session.scalar(select(func.count()).select_from(Question).where(old))
        answers = await session.scalar(select(func.count()).select_from(Answer).join(Question).where(old))
        approved = await session.scalar(select(func.count()).select_from(Example).where(_stays()))
    return Standing(
        questions=row[0],
        oldest=row[1],
        questions_to_go=to_go or 0,
        answers_to_go=answers or 0,
        approved_rows=approved or 0,
    )


async def erase_old(database: Database, days: int) -> Counter[str]:
    """Erase what is older than ``days``; return how many rows of each kind are gone.

    Each batch is a transaction of its own. Where another daemon is at it, nothing is done.
    """
    ledger = Ledger(BY, "privacy.retention", f"older than {days} days")
    which = _is_old(days)
    while True:
        async with database.read() as session:  # most of the time nothing is too old: no lock for that
            if await session.scalar(select(Question.id).where(which).limit(1)) is None:
                break
        async with database.write() as session:
            if not database.is_sqlite and not await session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
                break
            await ledger.note(session, await _erase_batch(session, which))
        await asyncio.sleep(_PAUSE_SECONDS)
    return ledger.counts


async def _erase_batch(session: AsyncSession, which: ColumnElement[bool]) -> Counter[str]:
    await raise_revision(session)
    ids = list(await session.scalars(select(Question.id).where(which).order_by(Question.id).limit(PAGE)))
    answers = await lock_questions(session, ids)
    gone = await _erase_examples(session, sorted(await examples_of_answers(session, answers)))
    return gone + await erase_questions(session, ids)


async def _erase_examples(session: AsyncSession, ids: Sequence[int]) -> Counter[str]:
    """Erase rows that need not stay; wordings stay without their row."""
    going = list(await session.scalars(select(Example.id).where(Example.id.in_(ids), ~_stays())))
    await session.execute(
        update(Wording)
        .where(Wording.example_id.in_(going))
        .values(example_id=None)
        .execution_options(synchronize_session=False)
    )
    gone = await session.scalars(delete(Example).where(Example.id.in_(going)).returning(Example.id))
    return Counter({"training rows": len(gone.all())})


def _is_old(days: int) -> ColumnElement[bool]:
    return Question.received_at < datetime.now(UTC) - timedelta(days=days)


def _stays() -> ColumnElement[bool]:
    return and_(
        Example.status == ExampleStatus.APPROVED,
        or_(Example.workspace_id.is_(None), counts_for_training(Example.workspace_id)),
    )

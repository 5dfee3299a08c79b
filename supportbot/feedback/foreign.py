"""Questions that a curator marked as none of ours: nothing answers them, and the threshold learns from them.

They are redacted like everything that is kept beside the log, and live at once like all knowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.base import storable
from supportbot.db.models import ForeignQuestion
from supportbot.db.session import Database
from supportbot.feedback.curation._insert import clean
from supportbot.knowledge.claims import all_claims, as_asked
from supportbot.knowledge.manage import KnowledgeError, quoted
from supportbot.knowledge.store import raise_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A question that was marked, and by whom."""

    foreign_id: int
    text: str
    marked_by: str
    marked_at: datetime


class ForeignQuestions:
    """Foreign questions in the database.

    Args:
        database: where they are kept.
        keep: what is public although it looks personal, see ``redact``.
    """

    def __init__(self, database: Database, *, keep: Collection[str] = ()) -> None:
        self._database = database
        self._keep = keep

    async def all(self) -> list[Foreign]:
        """Return all of them, the oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(select(ForeignQuestion).order_by(ForeignQuestion.id))
            return [_read(row) for row in rows]

    async def add(self, question: str, by: str) -> Foreign:
        """Mark a question; one that is marked already stays as it is.

        Raises:
            KnowledgeError: there is nothing to read in it, or it is a wording of a live entry.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        if not (text := await asyncio.to_thread(clean, storable(question), self._keep)):
            raise KnowledgeError("A foreign question cannot be empty: give it in quotes.")
        async with self._database.write() as session:
            return _read((await mark(session, text, by, await raise_revision(session)))[0])

    async def remove(self, numbers: Sequence[int], by: str) -> list[Foreign]:
        """Mark questions as foreign no more, all or none.

        Raises:
            KnowledgeError: one of them is not there.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        async with self._database.write() as session:
            revision = await raise_revision(session)
            gone = []
            for number in dict.fromkeys(numbers):
                if (row := await session.get(ForeignQuestion, number)) is None:
                    raise KnowledgeError(
                        f"There is no foreign question {number}: `supportbot knowledge foreign "
                        "list` shows them all."
                    )
                gone.append(_read(row))
                await session.delete(row)
                audit.record(
                    session,
                    actor=by,
                    action="foreign.remove",
                    subject=f"foreign:{number}",
                    details={"revision": revision},
                )
            return gone


async def mark(session: AsyncSession, text: str, by: str, revision: int) -> tuple[ForeignQuestion, bool]:
    """Mark a redacted question within a transaction; return its row, and whether that is new.

    Raises:
        KnowledgeError: it is a wording of a live entry.
    """
    if claims := (await all_claims(session)).by_question.get(as_asked(text)):
        raise KnowledgeError(
            f"{quoted(text)} is a wording of entry {claims[0].entry_id}, which answers it: first "
            f"remove wording {claims[0].wording_id} with `supportbot knowledge edit {claims[0].entry_id} "
            f"--remove-wording {claims[0].wording_id}`."
        )
    row = await session.scalar(select(ForeignQuestion).where(ForeignQuestion.text == text))
    if row is not None:
        return row, False
    row = ForeignQuestion(text=text, marked_by=by, marked_at=datetime.now(UTC))
    session.add(row)
    await session.flush()
    audit.record(
        session, actor=by, action="foreign.add", subject=f"foreign:{row.id}", details={"revision": revision}
    )
    return row, True


def _read(row: ForeignQuestion) -> Foreign:
    return Foreign(foreign_id=row.id, text=row.text, marked_by=row.marked_by, marked_at=row.marked_at)

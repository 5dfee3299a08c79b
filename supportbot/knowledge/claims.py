"""Who has which wording: a question belongs to one answer, so a second one to it has to be refused or moved.

Questions are compared to the letter, as when somebody asks: without greeting, case and signs at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Wording
from supportbot.db.states import EntrySource, EntryState
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.folding import folded
from supportbot.knowledge.store import current_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That a live entry has a wording."""

    entry_id: int
    wording_id: int
    workspace_id: int | None
    is_talk: bool
    text: str
    answer: str

    def rivals(self, entry: Entry) -> bool:
        """Return whether this conflicts with the same wording of another entry.

        Small talk never competes with answers of one's own, nor what is said in one workspace with what is said
        in another, or everywhere else.
        """
        return (
            self.entry_id != entry.id
            and self.workspace_id == entry.workspace_id
            and self.is_talk == (entry.source is EntrySource.SMALL_TALK)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All claims as of a revision, by the question as it is compared to the letter."""

    revision: int
    by_question: Mapping[str, Sequence[Claim]]


def as_asked(question: str) -> str:
    """Return a question as questions are compared to the letter."""
    return folded(normalise_question(question))


async def all_claims(session: AsyncSession) -> Claims:
    """Return who has which wording; with 100,000 of them it takes some three seconds."""
    revision = await current_revision(session)
    rows = await session.execute(
        select(Wording.id, Wording.text, Wording.entry_id, Entry.workspace_id, Entry.source, Entry.answer)
        .join(Entry, Wording.entry_id == Entry.id)
        .where(Entry.state == EntryState.LIVE)
        .order_by(Wording.id)
    )
    found: dict[str, list[Claim]] = {}
    for row in rows:
        claim = Claim(
            entry_id=row.entry_id,
            wording_id=row.id,
            workspace_id=row.workspace_id,
            is_talk=row.source is EntrySource.SMALL_TALK,
            text=row.text,
            answer=row.answer,
        )
        found.setdefault(as_asked(row.text), []).append(claim)
    return Claims(revision=revision, by_question=found)

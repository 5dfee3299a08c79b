"""Approved answers that an item may be a wording of: the nearest ones, and those that somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.feedback.review.items import Item
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import searching
from supportbot.knowledge.knowledge import Knowledge

_MOST_FOUND = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """An approved answer that an item may be a wording of; one that was searched for has no ``similarity``."""

    entry_id: int
    question: str
    answer: str
    similarity: float | None = None


async def nearest(knowledge: Knowledge, item: Item) -> list[Near]:
    """Return the approved answers that are nearest to an item's question, the nearest first."""
    decision = await knowledge.decide(normalise_question(item.question), None)
    near = [
        Near(
            entry_id=one.entry.id,
            question=one.wording.text,
            answer=one.entry.answer,
            similarity=one.similarity,
        )
        for one in (decision.candidates if decision else ())
    ]
    # The rule that decides has an order of its own.
    return sorted(near, key=lambda one: -(one.similarity or 0))


async def find(database: Database, text: str) -> list[Near]:
    """Return a few approved answers that say something, or are asked for with it."""
    async with database.read() as session:
        wanted = searching.Wanted(state=EntryState.LIVE, search=text)
        found = await searching.page(session, wanted, limit=_MOST_FOUND)
    return [
        Near(entry_id=one.entry_id, question=one.question or "", answer=one.answer)
        for one in found
        if one.source is not EntrySource.SMALL_TALK
    ]

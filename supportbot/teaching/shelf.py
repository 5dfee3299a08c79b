"""What a curator looks at: entries by the page, one entry with its figures, and how much there is.

Each call is one short transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from supportbot.db.models import Question, Workspace
from supportbot.db.session import Database
from supportbot.knowledge.listing import Counts, EntrySummary, EntryView, count, view, workspace_name
from supportbot.knowledge.searching import Place, Wanted, how_many, page
from supportbot.teaching.use import Use, read_use

PAGE = 50
"""Entries that are shown at once."""

_MOST_WORKSPACES = 200
"""That are offered to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """A page of entries.

    Attributes:
        entries: of it.
        number: of entries on all pages.
        following: where the next page begins; None on the last.
    """

    entries: Sequence[EntrySummary]
    number: int
    following: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWithUse:
    """An entry with everything, and what became of it."""

    entry: EntryView
    use: Use


class Shelf:
    """Reads what is known.

    Args:
        database: where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Counts | None = None

    async def page(self, wanted: Wanted, after: Place | None = None) -> EntryPage:
        """Return the entries that are looked for, the newest approval first."""
        async with self._database.read() as session:
            found = await page(session, wanted, limit=PAGE + 1, after=after)
            is_all = after is None and len(found) <= PAGE  # then a second search would find the same
            number = len(found) if is_all else await how_many(session, wanted)
        shown = found[:PAGE]
        return EntryPage(entries=shown, number=number, following=Place.of(shown[-1]) if found[PAGE:] else None)

    async def counts(self) -> Counts:
        """Return how much there is."""
        async with self._database.read() as session:
            self._counts = await count(session, self._counts)
        return self._counts

    async def entry(self, entry_id: int) -> EntryWithUse:
        """Return one entry.

        Raises:
            KnowledgeError: there is none with this number.
        """
        async with self._database.read() as session:
            return EntryWithUse(entry=await view(session, entry_id), use=await read_use(session, entry_id))

    async def workspaces(self) -> Sequence[str]:
        """Return the workspaces that the bot has heard from, as ``slack:T123``."""
        query = select(workspace_name()).order_by(Workspace.platform, Workspace.external_id)
        async with self._database.read() as session:
            return (await session.scalars(query.limit(_MOST_WORKSPACES))).all()

    async def question(self, question_id: int) -> str | None:
        """Return what somebody asked; None where there is no such question."""
        async with self._database.read() as session:
            return await session.scalar(select(Question.text).where(Question.id == question_id))

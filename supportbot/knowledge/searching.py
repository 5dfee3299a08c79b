"""Looking for entries: by state, words, source and place, a page at a time.

A page goes on after the last entry of the one before, so the tenth costs what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Wording, Workspace
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.listing import EntrySummary, summaries, workspace_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are looked for; all conditions hold together.

    Attributes:
        state: live or retired ones; None for both.
        search: in the answer or a wording, in any case.
        source: where they come from.
        workspace: those that are given in this one alone, as ``slack:T123``.
        is_expired: those that are no longer valid, or those that are; None for both.
        is_single: those with one wording alone.
    """

    state: EntryState | None = None
    search: str | None = None
    source: EntrySource | None = None
    workspace: str | None = None
    is_expired: bool | None = None
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """After which entry a page begins."""

    approved_at: datetime
    entry_id: int

    @classmethod
    def of(cls, entry: EntrySummary) -> Place:
        """Return the place behind an entry."""
        return cls(entry.approved_at, entry.entry_id)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return what ``str`` made a text of; None for any other."""
        moment, _, number = text.partition("_")
        try:
            return cls(datetime.fromtimestamp(int(moment) / 1_000_000, UTC), int(number))
        except (ValueError, OverflowError, OSError):
            return None

    def __str__(self) -> str:
        """Return a text for addresses."""
        return f"{round(self.approved_at.timestamp() * 1_000_000)}_{self.entry_id}"


async def page(
    session: AsyncSession, wanted: Wanted, *, limit: int, after: Place | None = None
) -> list[EntrySummary]:
    """Return entries, the newest approval first.

    Args:
        session: to read with.
        wanted: which.
        limit: how many.
        after: where the page begins; None for the first.
    """
    conditions = _conditions(wanted)
    if after is not None:
        # As one comparison, which an index can follow.
        conditions.append(tuple_(Entry.approved_at, Entry.id) < (after.approved_at, after.entry_id))
    # First the numbers alone: what else is shown is looked up for these, not for all that are sorted.
    ids = await session.scalars(
        select(Entry.id).where(*conditions).order_by(Entry.approved_at.desc(), Entry.id.desc()).limit(limit)
    )
    return await summaries(session, ids.all())


async def how_many(session: AsyncSession, wanted: Wanted) -> int:
    """Return how many entries there are on all pages."""
    return await session.scalar(select(func.count()).select_from(Entry).where(*_conditions(wanted))) or 0


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(Entry.state == wanted.state)
    if wanted.source is not None:
        found.append(Entry.source == wanted.source)
    if wanted.search is not None:
        worded = select(Wording.entry_id).where(Wording.text.icontains(wanted.search, autoescape=True))
        found.append(or_(Entry.answer.icontains(wanted.search, autoescape=True), Entry.id.in_(worded)))
    if wanted.workspace is not None:
        found.append(Entry.workspace_id.in_(select(Workspace.id).where(workspace_name() == wanted.workspace)))
    if wanted.is_expired is not None:
        is_over = and_(Entry.valid_until.is_not(None), Entry.valid_until <= datetime.now(UTC))
        found.append(is_over if wanted.is_expired else ~is_over)
    if wanted.is_single:
        single = select(Wording.entry_id).group_by(Wording.entry_id).having(func.count() == 1)
        found.append(Entry.id.in_(single))
    return found

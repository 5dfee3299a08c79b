"""What an operator sees of the knowledge: an entry in a line, one entry with everything, and how much there is.

It only reads, and knows no encoder. Which entries are looked for, ``searching`` knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db.models import Entry, Example, ForeignQuestion, KnowledgeState, Wording, Workspace
from supportbot.db.states import EntrySource, EntryState, ExampleStatus
from supportbot.knowledge.manage import known


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySummary:
    """An entry in a list; ``question`` is its first wording, ``workspace`` the only one that it is given in."""

    entry_id: int
    answer: str
    question: str | None
    wordings: int
    source: EntrySource
    approved_by: str
    approved_at: datetime
    valid_until: datetime | None
    workspace: str | None
    state: EntryState

    @property
    def is_expired(self) -> bool:
        """Whether it is no longer valid, and so not given."""
        return self.valid_until is not None and self.valid_until <= datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingView:
    """A wording with the row for training behind it, if there is one, and the workspace whose log it is from."""

    wording_id: int
    text: str
    example_id: int | None
    example_status: ExampleStatus | None
    workspace: str | None
    is_encoded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry with everything."""

    summary: EntrySummary
    created_at: datetime
    revision: int
    wordings: tuple[WordingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is.

    Attributes:
        revision: of the knowledge.
        entries: live ones of the operator's own.
        wordings: of those.
        single: of those entries, how many have one wording.
        talk: live entries of small talk.
        retired: entries that are given to nobody.
        foreign: questions that were marked as none of ours.
        expired: live entries that are no longer valid.
        calibration: the threshold with its figures, as it was kept last.
    """

    revision: int
    entries: int
    wordings: int
    single: int
    talk: int
    retired: int
    foreign: int
    expired: tuple[int, ...]
    calibration: Mapping[str, Any] | None


async def summaries(session: AsyncSession, ids: Sequence[int]) -> list[EntrySummary]:
    """Return entries in the order of their numbers here; those that there are not are left out."""
    found = {row.id: _summary(row) for row in await session.execute(_summaries(ids))}
    return [found[number] for number in ids if number in found]


async def view(session: AsyncSession, entry_id: int) -> EntryView:
    """Return one entry.

    Raises:
        KnowledgeError: there is none with this number.
    """
    entry = await known(session, entry_id)
    row = (await session.execute(_summaries([entry_id]))).one()
    wordings = await session.execute(
        select(
            Wording.id,
            Wording.text,
            Wording.example_id,
            Example.status,
            workspace_name().label("workspace"),
            Wording.vector.is_not(None).label("is_encoded"),
        )
        .outerjoin(Example, Wording.example_id == Example.id)
        .outerjoin(Workspace, Wording.workspace_id == Workspace.id)
        .where(Wording.entry_id == entry_id)
        .order_by(Wording.id)
    )
    return EntryView(
        summary=_summary(row),
        created_at=entry.created_at,
        revision=entry.revision,
        wordings=tuple(
            WordingView(
                wording_id=one.id,
                text=one.text,
                example_id=one.example_id,
                example_status=one.status,
                workspace=one.workspace,
                is_encoded=one.is_encoded,
            )
            for one in wordings
        ),
    )


async def count(session: AsyncSession, before: Counts | None = None) -> Counts:
    """Return how much there is.

    Args:
        session: to read with.
        before: what was counted before. Its numbers hold while the revision stays the same, since whoever writes
            raises it; only what time and the threshold change is read again.
    """
    state = await session.get(KnowledgeState, 1)  # first: what is counted below is at least as new
    revision, calibration = (state.revision, state.calibration) if state else (0, None)
    expired = tuple(
        await session.scalars(
            select(Entry.id)
            .where(Entry.state == EntryState.LIVE, Entry.valid_until <= datetime.now(UTC))
            .order_by(Entry.id)
        )
    )
    if before is not None and before.revision == revision:
        return replace(before, expired=expired, calibration=calibration)
    own = (Entry.state == EntryState.LIVE, Entry.source != EntrySource.SMALL_TALK)
    wordings = (
        select(func.count().label("number"))
        .select_from(Wording)
        .join(Entry, Wording.entry_id == Entry.id)
        .where(*own)
        .group_by(Entry.id)
        .subquery()
    )
    worded = (
        await session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(wordings.c.number), 0),
                func.coalesce(func.sum(case((wordings.c.number == 1, 1), else_=0)), 0),
            )
        )
    ).one()
    kinds = (
        await session.execute(
            select(
                func.count().filter(*own),
                func.count().filter(Entry.state == EntryState.LIVE, Entry.source == EntrySource.SMALL_TALK),
                func.count().filter(Entry.state == EntryState.RETIRED),
            )
        )
    ).one()
    return Counts(
        revision=revision,
        entries=kinds[0],
        wordings=int(worded[1]),
        single=int(worded[2]),
        talk=kinds[1],
        retired=kinds[2],
        foreign=await session.scalar(select(func.count()).select_from(ForeignQuestion)) or 0,
        expired=expired,
        calibration=calibration,
    )


def workspace_name() -> ColumnElement[str]:
    """Return how workspaces are named, such as ``slack:T123``."""
    return Workspace.platform + ":" + Workspace.external_id


def _summaries(ids: Sequence[int]) -> Select[Any]:
    # Grouped for just these: a look-up for each of them leads PostgreSQL through all wordings.
    worded = (
        select(Wording.entry_id, func.min(Wording.id).label("first"), func.count().label("number"))
        .where(Wording.entry_id.in_(ids))
        .group_by(Wording.entry_id)
        .subquery()
    )
    columns: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...] = (
        Entry.id,
        Entry.answer,
        Wording.text.label("question"),
        func.coalesce(worded.c.number, 0).label("wordings"),
        Entry.source,
        Entry.approved_by,
        Entry.approved_at,
        Entry.valid_until,
        workspace_name().label("workspace"),
        Entry.state,
    )
    return (
        select(*columns)
        .outerjoin(worded, worded.c.entry_id == Entry.id)
        .outerjoin(Wording, Wording.id == worded.c.first)
        .outerjoin(Workspace, Entry.workspace_id == Workspace.id)
        .where(Entry.id.in_(ids))
    )


def _summary(row: Any) -> EntrySummary:
    return EntrySummary(
        entry_id=row.id,
        answer=row.answer,
        question=row.question,
        wordings=row.wordings,
        source=row.source,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        valid_until=row.valid_until,
        workspace=row.workspace,
        state=row.state,
    )

"""Knowledge in the database: its revision, and what is read of it; ``publishing`` writes it.

Every change raises the revision first, within its own transaction. So writers wait for one another, and a daemon
that asks for all that is newer than its own revision misses nothing. Rows for training hang on wordings: what is
edited or retired is learned otherwise, or no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from supportbot.db.models import Entry, ForeignQuestion, KnowledgeState, Workspace
from supportbot.db.models import Wording as WordingRow
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.entries import Encoded, KnownEntry, Wording

_STATE_ID = 1
_PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is newer than a revision.

    Attributes:
        revision: as of now.
        entries: those that changed, retired ones included.
        foreign: all questions that were marked as none of ours.
    """

    revision: int
    entries: tuple[KnownEntry, ...]
    foreign: tuple[str, ...]


def answer_key(answer: str) -> str:
    """Return what two answers share that differ by blanks only."""
    return hashlib.sha256(" ".join(answer.split()).encode("utf-8", "replace")).hexdigest()


async def current_revision(session: AsyncSession) -> int:
    """Return how far the knowledge has come; 0 before anything was ever approved."""
    found = await session.scalar(select(KnowledgeState.revision).where(KnowledgeState.id == _STATE_ID))
    return found or 0


async def raise_revision(session: AsyncSession) -> int:
    """Raise the revision and return it; whoever else changes knowledge now waits for this transaction."""
    raised = await session.scalar(
        update(KnowledgeState)
        .where(KnowledgeState.id == _STATE_ID)
        .values(revision=KnowledgeState.revision + 1)
        .returning(KnowledgeState.revision)
        .execution_options(synchronize_session=False)
    )
    if raised is None:  # a database that was made, not migrated
        session.add(KnowledgeState(id=_STATE_ID, revision=1, calibration=None))
        await session.flush()
        return 1
    return raised


async def lock_knowledge(session: AsyncSession) -> None:
    """Keep knowledge, and what an erasure takes of it, as it is until the transaction ends."""
    await session.execute(select(KnowledgeState.id).where(KnowledgeState.id == _STATE_ID).with_for_update())


async def changes_since(session: AsyncSession, revision: int) -> Changes:
    """Return what is newer than ``revision``; 0 for everything that is live."""
    now = await current_revision(session)
    which = [Entry.revision > revision] if revision else [Entry.state == EntryState.LIVE]
    query = (
        select(Entry).options(undefer(Entry.vector), undefer(Entry.token_vectors)).where(*which).order_by(Entry.id)
    )
    rows = (await session.scalars(query)).all()
    foreign = await foreign_questions(session)
    return Changes(revision=now, entries=tuple(await _with_wordings(session, rows)), foreign=foreign)


async def foreign_questions(session: AsyncSession) -> tuple[str, ...]:
    """Return the questions that a curator marked as none of ours."""
    return tuple(await session.scalars(select(ForeignQuestion.text).order_by(ForeignQuestion.id)))


async def small_talk(session: AsyncSession) -> list[KnownEntry]:
    """Return what is live of the small talk."""
    live = select(Entry.id).where(Entry.state == EntryState.LIVE, Entry.source == EntrySource.SMALL_TALK)
    return await entries(session, (await session.scalars(live)).all())


async def consenting_workspaces(session: AsyncSession) -> frozenset[int]:
    """Return the workspaces whose words may be used elsewhere: this machine's own, and those that consented."""
    return frozenset(await session.scalars(select(Workspace.id).where(Workspace.counts)))


async def entries(session: AsyncSession, ids: Iterable[int] | None = None) -> list[KnownEntry]:
    """Return entries by their numbers, or all, retired ones included."""
    query = select(Entry).options(undefer(Entry.vector), undefer(Entry.token_vectors)).order_by(Entry.id)
    if ids is not None:
        query = query.where(Entry.id.in_(ids))
    return await _with_wordings(session, (await session.scalars(query)).all())


async def store_vectors(
    session: AsyncSession, kind: type[Entry | WordingRow], encoder: str, vectors: Mapping[int, Encoded]
) -> None:
    """Keep the vectors of some entries or wordings, by their numbers; that is no change of knowledge."""
    if vectors:
        await session.execute(
            update(kind),
            [{"id": number, "encoder": encoder} | one._asdict() for number, one in vectors.items()],
        )


async def store_calibration(session: AsyncSession, record: Mapping[str, Any]) -> None:
    """Keep the threshold with its figures."""
    await session.execute(
        update(KnowledgeState).where(KnowledgeState.id == _STATE_ID).values(calibration=dict(record))
    )


async def _with_wordings(session: AsyncSession, rows: Sequence[Entry]) -> list[KnownEntry]:
    wordings: dict[int, list[Wording]] = {row.id: [] for row in rows}
    ids = list(wordings)
    for start in range(0, len(ids), _PAGE):
        query = (
            select(
                WordingRow.entry_id,
                WordingRow.id,
                WordingRow.text,
                WordingRow.workspace_id,
                WordingRow.encoder,
                WordingRow.vector,
                WordingRow.token_vectors,
            )
            .where(WordingRow.entry_id.in_(ids[start : start + _PAGE]))
            .order_by(WordingRow.id)
        )
        for entry_id, number, text, workspace_id, encoder, vector, tokens in await session.execute(query):
            wordings[entry_id].append(Wording(number, text, workspace_id, encoder, vector, tokens))
    return [
        KnownEntry(
            id=row.id,
            answer=row.answer,
            source=row.source,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            valid_until=row.valid_until,
            workspace_id=row.workspace_id,
            state=row.state,
            wordings=tuple(wordings[row.id]),
            encoder=row.encoder,
            vector=row.vector,
            token_vectors=row.token_vectors,
        )
        for row in rows
    ]


async def count_live(session: AsyncSession) -> int:
    """Return how many entries of one's own are live: not those that ship with the program."""
    found = await session.scalar(
        select(func.count())
        .select_from(Entry)
        .where(Entry.state == EntryState.LIVE, Entry.source != EntrySource.SMALL_TALK)
    )
    return found or 0

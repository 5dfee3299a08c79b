"""Knowledge in the database: what is approved is published here, read back, changed and retired.

Every change raises the revision first, within its own transaction. So writers wait for one another, and a daemon
that asks for all that is newer than its own revision misses nothing. Rows for training hang on wordings: what is
edited or retired here is learned otherwise, or no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from supportbot.db import audit
from supportbot.db.base import Base
from supportbot.db.models import Entry, Example, ForeignQuestion, KnowledgeState, Workspace
from supportbot.db.models import Wording as WordingRow
from supportbot.db.states import LOCAL_PLATFORMS, EntrySource, EntryState, ExampleLabel, ExampleStatus
from supportbot.knowledge.entries import KnownEntry, Wording

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


async def changes_since(session: AsyncSession, revision: int) -> Changes:
    """Return what is newer than ``revision``; 0 for everything that is live."""
    now = await current_revision(session)
    which = [Entry.revision > revision] if revision else [Entry.state == EntryState.LIVE]
    query = select(Entry).options(undefer(Entry.vector)).where(*which).order_by(Entry.id)
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
    found = await session.scalars(
        select(Workspace.id).where(
            or_(Workspace.platform.in_(LOCAL_PLATFORMS), Workspace.training_consent_at.is_not(None))
        )
    )
    return frozenset(found)


async def entries(session: AsyncSession, ids: Iterable[int] | None = None) -> list[KnownEntry]:
    """Return entries by their numbers, or all, retired ones included."""
    query = select(Entry).options(undefer(Entry.vector)).order_by(Entry.id)
    if ids is not None:
        query = query.where(Entry.id.in_(ids))
    return await _with_wordings(session, (await session.scalars(query)).all())


async def store_vectors(
    session: AsyncSession, kind: type[Entry | WordingRow], encoder: str, vectors: Mapping[int, bytes]
) -> None:
    """Keep the vectors of some entries or wordings, by their numbers; that is no change of knowledge."""
    if vectors:
        await session.execute(
            update(kind),
            [{"id": number, "encoder": encoder, "vector": vector} for number, vector in vectors.items()],
        )


async def store_calibration(session: AsyncSession, record: Mapping[str, Any]) -> None:
    """Keep the threshold with its figures."""
    await session.execute(
        update(KnowledgeState).where(KnowledgeState.id == _STATE_ID).values(calibration=dict(record))
    )


async def publish(
    session: AsyncSession,
    example_ids: Sequence[int],
    *,
    texts: Mapping[int, str] | None = None,
    edited: Collection[int] = (),
) -> int:
    """Make approved examples known: each becomes a wording of the entry with its answer, which may be new.

    Args:
        session: of the transaction in which they were approved.
        example_ids: which; those that are not approved, or not good, are taken out of the knowledge instead.
        texts: answers word for word, by example, where the row holds a redacted form.
        edited: the examples whose answer was changed just now: only they leave an entry that they belong to.

    Returns:
        How many are known now.
    """
    if not example_ids:
        return 0
    revision = await raise_revision(session)
    examples = (
        await session.scalars(select(Example).where(Example.id.in_(example_ids)).order_by(Example.id))
    ).all()
    known = {
        row.example_id: row
        for row in await session.scalars(select(WordingRow).where(WordingRow.example_id.in_(example_ids)))
    }
    answers = {example.id: (texts or {}).get(example.id, example.completion) for example in examples}
    found = _Entries(session, revision)
    await found.read({answer_key(answer) for answer in answers.values()}, map(_meant_entry, examples))
    moving = [
        example
        for example in examples
        if _is_public(example) and (example.id not in known or example.id in edited or example.id in (texts or {}))
    ]
    await found.add_missing(moving, answers)
    touched: set[int] = set()
    fresh: list[dict[str, Any]] = []
    published = 0
    for example in examples:
        wording = known.get(example.id)
        if not _is_public(example):
            if wording is not None:
                touched.add(wording.entry_id)
                await session.delete(wording)
            continue
        published += 1
        if wording is None:
            entry_id = found.entry_of(example, answers[example.id])
            values = {"entry_id": entry_id, "text": example.prompt, "workspace_id": example.workspace_id}
            fresh.append({"example_id": example.id, **values})
            touched.add(entry_id)
            continue
        if wording.text != example.prompt:
            wording.encoder = wording.vector = None
        touched.add(wording.entry_id)
        if example.id in edited or example.id in (texts or {}):
            wording.entry_id = found.entry_of(example, answers[example.id])
            touched.add(wording.entry_id)
        wording.text, wording.workspace_id = example.prompt, example.workspace_id
    await session.flush()
    if fresh:  # not added as records, which are inserted one by one
        await session.execute(insert(Base.metadata.tables[WordingRow.__tablename__]), fresh)
    await touch(session, touched, revision)
    return published


class _Entries:
    """The live entries that examples may join: nobody narrowed them, and none is small talk."""

    def __init__(self, session: AsyncSession, revision: int) -> None:
        self._session = session
        self._revision = revision
        self._by_key: dict[str, int] = {}
        self._meant: set[int] = set()

    async def read(self, keys: Collection[str], meant: Iterable[int | None]) -> None:
        """Look up entries by the keys of their answers, and by their numbers."""
        live = (Entry.state == EntryState.LIVE, Entry.source != EntrySource.SMALL_TALK)
        rows = await self._session.execute(
            select(Entry.answer_key, Entry.id)
            .where(*live, Entry.answer_key.in_(keys), Entry.workspace_id.is_(None))
            .order_by(Entry.id.desc())
        )
        self._by_key = dict(iter(rows))
        numbers = {number for number in meant if number is not None}
        self._meant = set(await self._session.scalars(select(Entry.id).where(*live, Entry.id.in_(numbers))))

    async def add_missing(self, examples: Iterable[Example], answers: Mapping[int, str]) -> None:
        """Make the entries of answers that have none, all at once: added as records they go in one by one."""
        fresh: dict[str, dict[str, Any]] = {}
        for example in examples:
            key = answer_key(answers[example.id])
            if key not in self._by_key and key not in fresh and _meant_entry(example) not in self._meant:
                fresh[key] = _entry_of(example, answers[example.id], self._revision)
        if fresh:
            made = await self._session.execute(
                insert(Entry).returning(Entry.answer_key, Entry.id), list(fresh.values())
            )
            self._by_key |= {row.answer_key: row.id for row in made}

    def entry_of(self, example: Example, answer: str) -> int:
        """Return the entry that an example belongs to; see ``add_missing``."""
        meant = _meant_entry(example)
        return meant if meant is not None and meant in self._meant else self._by_key[answer_key(answer)]


def _is_public(example: Example) -> bool:
    return example.status is ExampleStatus.APPROVED and example.label is ExampleLabel.GOOD


def _meant_entry(example: Example) -> int | None:
    """Return the entry whose suggestion somebody chose, which a candidate's origin names."""
    kind, _, rest = example.origin.partition(":")
    return int(rest.rpartition(":")[2]) if kind == "suggestion" else None


async def touch(session: AsyncSession, entry_ids: Iterable[int], revision: int) -> None:
    """Let daemons read these entries again; one that lost its last wording is retired."""
    ids = list(entry_ids)
    await session.execute(
        update(Entry)
        .where(Entry.id.in_(ids))
        .values(revision=revision)
        .execution_options(synchronize_session="fetch")
    )
    bare = select(Entry.id).where(
        Entry.id.in_(ids), ~select(WordingRow.id).where(WordingRow.entry_id == Entry.id).exists()
    )
    await session.execute(
        update(Entry)
        .where(Entry.id.in_(bare))
        .values(state=EntryState.RETIRED)
        .execution_options(synchronize_session="fetch")
    )


def _entry_of(example: Example, answer: str, revision: int) -> dict[str, Any]:
    is_document = example.origin.startswith("document:")
    decided = example.decided_at or datetime.now(UTC)
    return {
        "answer": answer,
        "answer_key": answer_key(answer),
        "source": EntrySource.DOCUMENT if is_document else EntrySource(example.source.value),
        "approved_by": example.curator or audit.current_user(),
        "approved_at": decided,
        "state": EntryState.LIVE,
        "revision": revision,
        "created_at": decided,
    }


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
            )
            .where(WordingRow.entry_id.in_(ids[start : start + _PAGE]))
            .order_by(WordingRow.id)
        )
        for entry_id, number, text, workspace_id, encoder, vector in await session.execute(query):
            wordings[entry_id].append(Wording(number, text, workspace_id, encoder, vector))
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

"""How approved examples become known, and how they leave the knowledge: the writing half of ``store``.

An example that is approved becomes a wording of the entry with its answer, which may be new; one that is no longer
approved takes its wording along, and an entry without wordings is retired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.base import Base
from supportbot.db.models import Entry, Example
from supportbot.db.models import Wording as WordingRow
from supportbot.db.states import EntrySource, EntryState, ExampleLabel, ExampleStatus
from supportbot.knowledge.store import answer_key, raise_revision

_LOOKED_AT = (
    Example.id,
    Example.prompt,
    Example.completion,
    Example.workspace_id,
    Example.status,
    Example.label,
    Example.source,
    Example.origin,
    Example.curator,
    Example.decided_at,
)
"""What is looked at of an example."""

_Looked = Row[*tuple[Any, ...]]


async def publish(
    session: AsyncSession,
    example_ids: Sequence[int],
    *,
    texts: Mapping[int, str] | None = None,
    edited: Collection[int] = (),
    into: Mapping[int, int] | None = None,
) -> int:
    """Make approved examples known: each becomes a wording of the entry with its answer, which may be new.

    Args:
        session: of the transaction in which they were approved.
        example_ids: which; those that are not approved, or not good, are taken out of the knowledge instead.
        texts: answers word for word, by example, where the row holds a redacted form.
        edited: the examples whose answer was changed just now: only they leave an entry that they belong to.
        into: entries that a curator chose, by example; live ones with an answer of the operator's own.

    Returns:
        How many are known now.
    """
    if not example_ids:
        return 0
    revision = await raise_revision(session)
    query = select(*_LOOKED_AT).where(Example.id.in_(example_ids)).order_by(Example.id)
    examples = (await session.execute(query)).all()  # not as records, which take five times as long to read
    known = {
        row.example_id: row
        for row in await session.scalars(select(WordingRow).where(WordingRow.example_id.in_(example_ids)))
    }
    answers = {example.id: (texts or {}).get(example.id, example.completion) for example in examples}
    found = _Entries(session, revision, into or {})
    await found.read({answer_key(answer) for answer in answers.values()}, examples)
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
            wording.encoder = wording.vector = wording.token_vectors = None
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

    def __init__(self, session: AsyncSession, revision: int, into: Mapping[int, int]) -> None:
        self._session = session
        self._revision = revision
        self._into = into
        self._by_key: dict[str, int] = {}
        self._meant: set[int] = set()

    async def read(self, keys: Collection[str], examples: Iterable[_Looked]) -> None:
        """Look up entries by the keys of their answers, and those that examples are meant for."""
        live = (Entry.state == EntryState.LIVE, Entry.source != EntrySource.SMALL_TALK)
        rows = await self._session.execute(
            select(Entry.answer_key, Entry.id)
            .where(*live, Entry.answer_key.in_(keys), Entry.workspace_id.is_(None))
            .order_by(Entry.id.desc())
        )
        self._by_key = dict(iter(rows))
        numbers = {number for number in map(self._meant_entry, examples) if number is not None}
        self._meant = set(await self._session.scalars(select(Entry.id).where(*live, Entry.id.in_(numbers))))

    async def add_missing(self, examples: Iterable[_Looked], answers: Mapping[int, str]) -> None:
        """Make the entries of answers that have none, all at once: added as records they go in one by one."""
        fresh: dict[str, dict[str, Any]] = {}
        for example in examples:
            key = answer_key(answers[example.id])
            if key not in self._by_key and key not in fresh and self._meant_entry(example) not in self._meant:
                fresh[key] = _entry_of(example, answers[example.id], self._revision)
        if fresh:
            made = await self._session.execute(
                insert(Entry).returning(Entry.answer_key, Entry.id), list(fresh.values())
            )
            self._by_key |= {row.answer_key: row.id for row in made}

    def entry_of(self, example: _Looked, answer: str) -> int:
        """Return the entry that an example belongs to; see ``add_missing``."""
        meant = self._meant_entry(example)
        return meant if meant is not None and meant in self._meant else self._by_key[answer_key(answer)]

    def _meant_entry(self, example: _Looked) -> int | None:
        """Return the entry that a curator chose, or that of the suggestion which somebody did."""
        if (chosen := self._into.get(example.id)) is not None:
            return chosen
        kind, _, rest = example.origin.partition(":")
        return int(rest.rpartition(":")[2]) if kind == "suggestion" else None


def _is_public(example: _Looked) -> bool:
    return example.status is ExampleStatus.APPROVED and example.label is ExampleLabel.GOOD


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


def _entry_of(example: _Looked, answer: str, revision: int) -> dict[str, Any]:
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

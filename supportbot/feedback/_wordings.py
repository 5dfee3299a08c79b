"""Wordings of an entry, and the rows for training behind them: how both are made, changed and taken out.

It works within the caller's transaction, on texts that are redacted already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Example, Wording
from supportbot.db.states import EntrySource, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation._insert import Candidate, insert_new
from supportbot.feedback.curation.keys import conversation_of, sort_key_of
from supportbot.knowledge import manage, publishing
from supportbot.knowledge.claims import Claims, as_asked
from supportbot.knowledge.manage import KnowledgeError
from supportbot.knowledge.store import answer_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """How many wordings are new, how many were there, which entries lost one, and the numbers of the new ones."""

    added: int
    already: int
    taken_from: tuple[int, ...]
    wordings: tuple[int, ...]


def typed(question: str, answer: str, workspace_id: int | None) -> Candidate:
    """Return what was typed as a row for training; its conversation is named when it is redacted."""
    named = [question, answer, *([workspace_id] if workspace_id is not None else [])]
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    return Candidate(
        origin=f"knowledge:{digest}",
        source=ExampleSource.IMPORT,
        question=question,
        answer=answer,
        conversation="",
    )


async def replace_answer(session: AsyncSession, entry: Entry, answer: str, learned: str, by: str) -> None:
    """Let an entry say something else, and have that learned; ``learned`` is its redacted form."""
    entry.answer, entry.answer_key = answer, answer_key(answer)
    entry.approved_by, entry.approved_at = by, datetime.now(UTC)
    entry.encoder = entry.vector = entry.token_vectors = None
    for example in await manage.examples_of(session, entry.id):
        example.completion, example.curator = learned, by
    # What clicks on suggestions proposed for this entry waits with the answer of that time.
    await session.execute(
        update(Example)
        .where(Example.status == ExampleStatus.PENDING, Example.origin.like(f"suggestion:%:{entry.id}"))
        .values(completion=learned)
        .execution_options(synchronize_session=False)
    )


async def take_out(session: AsyncSession, entry: Entry, remove: Sequence[int], *, by: str) -> None:
    """Take out wordings of an entry.

    Raises:
        KnowledgeError: it has no such wording.
    """
    own = {wording.id for wording in await manage.wordings_of(session, entry.id)}
    if unknown := sorted(set(remove) - own):
        raise KnowledgeError(
            f"Entry {entry.id} has no wording {unknown[0]}: `supportbot knowledge show "
            f"{entry.id}` shows its wordings."
        )
    await manage.take_out(session, remove, by=by)


async def add_wordings(
    session: AsyncSession,
    entry: Entry,
    rows: Sequence[Candidate],
    claims: Claims,
    *,
    by: str,
    move: bool,
    revision: int,
) -> Added:
    """Make wordings of an entry that it has not yet, with their rows for training.

    Args:
        session: of the transaction.
        entry: that gets them.
        rows: what was typed, redacted.
        claims: who has which wording now.
        by: the person.
        move: take a question from the entry that has it.
        revision: of the transaction.

    Raises:
        KnowledgeError: another entry has one, and it is not to be moved.
    """
    before = await manage.wordings_of(session, entry.id)
    own: dict[str, set[int | None]] = {}
    for wording in before:
        own.setdefault(as_asked(wording.text), set()).add(wording.workspace_id)
    fresh = [row for row in rows if not _has(own.get(as_asked(row.question), set()), row)]
    asked = [as_asked(row.question) for row in fresh]
    lost = await manage.settle(session, entry, asked, claims, move=move, by=by, revision=revision)
    touched = {entry.id}
    if entry.source is EntrySource.SMALL_TALK:  # which no model learns
        session.add_all(Wording(entry_id=entry.id, text=row.question) for row in fresh)
    elif fresh:
        touched |= await _learn(session, entry, fresh, by)
    await session.flush()
    await publishing.touch(session, touched, revision)
    new = {wording.id for wording in await manage.wordings_of(session, entry.id)} - {one.id for one in before}
    return Added(
        added=len(fresh), already=len(rows) - len(fresh), taken_from=tuple(lost), wordings=tuple(sorted(new))
    )


def _has(homes: Collection[int | None], row: Candidate) -> bool:
    """Return whether an entry has a wording; what another workspace said does not count for this one's."""
    return bool(homes) if row.origin_answer_id is None else None in homes or row.workspace_id in homes


async def _learn(session: AsyncSession, entry: Entry, rows: Sequence[Candidate], by: str) -> set[int]:
    """Approve rows as wordings of an entry; return the entries that had one of the same rows before."""
    now = datetime.now(UTC)
    named = {row.origin: row for row in rows}
    await insert_new(session, [_with_conversation(row) for row in rows], now)
    examples = list(await session.scalars(select(Example).where(Example.origin.in_(named)).order_by(Example.id)))
    had = {
        wording.example_id: wording
        for wording in await session.scalars(
            select(Wording).where(Wording.example_id.in_([example.id for example in examples]))
        )
    }
    before: set[int] = set()
    for example in examples:
        row = named[example.origin]  # it may be there from an earlier time, rejected since
        example.prompt, example.completion, example.label = row.question, row.answer, ExampleLabel.GOOD
        example.sort_key = sort_key_of(row.question)
        example.status, example.curator, example.decided_at = ExampleStatus.APPROVED, by, now
        # What was heard somewhere stays theirs who said it; what was typed goes where its entry is given.
        home = row.workspace_id if row.origin_answer_id is not None else entry.workspace_id
        example.workspace_id = home
        wording = had.get(example.id)
        if wording is None:
            wording = Wording(example_id=example.id)
            session.add(wording)
        else:
            before.add(wording.entry_id)
        wording.entry_id, wording.text, wording.workspace_id = entry.id, row.question, home
        wording.encoder = wording.vector = wording.token_vectors = None
    return before


def _with_conversation(row: Candidate) -> Candidate:
    return row if row.conversation else replace(row, conversation=conversation_of(row.question))


async def rehouse(session: AsyncSession, entry: Entry) -> None:
    """Let rows that operators gave follow their entry into its workspace, or out of it."""
    examples = {example.id: example for example in await manage.examples_of(session, entry.id)}
    for wording in await manage.wordings_of(session, entry.id):
        example = examples.get(wording.example_id or 0)
        if example is None or example.source is ExampleSource.IMPORT:
            wording.workspace_id = entry.workspace_id
            if example is not None:
                example.workspace_id = entry.workspace_id

"""How a candidate gets into the database: redacted first, and only if its origin is not there yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import Base
from supportbot.db.models import Example
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.feedback.curation.keys import sort_key_of, split_of
from supportbot.printable import printable
from supportbot.redact import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that a curator may approve; the attributes are those of the record ``Example``.

    ``split`` is that of the conversation unless it is given.
    """

    origin: str
    source: ExampleSource
    question: str
    answer: str
    conversation: str
    rejected: str | None = None
    label: ExampleLabel = ExampleLabel.GOOD
    votes: int = 0
    origin_answer_id: int | None = None
    workspace_id: int | None = None
    person: str | None = None
    author: str | None = None
    split: Split | None = None


def redacted(candidate: Candidate, keep: Collection[str], found: Counter[str] | None = None) -> Candidate:
    """Return a candidate without what names or exposes a person.

    Args:
        candidate: as it was said.
        keep: what is public although it looks personal, see ``redact``.
        found: counts what was taken out, by kind.
    """
    return replace(
        candidate,
        question=clean(candidate.question, keep, found),
        answer=clean(candidate.answer, keep, found),
        rejected=clean(candidate.rejected, keep, found) if candidate.rejected is not None else None,
    )


def clean(text: str, keep: Collection[str], found: Counter[str] | None = None) -> str:
    """Return a text as it may be kept for training; the arguments are those of ``redacted``."""
    result = redact(printable(text), keep=keep)
    if found is not None:
        found.update(result.counts)
    return result.text.strip()


async def insert_new(
    session: AsyncSession, candidates: Sequence[Candidate], now: datetime, *, approved_by: str | None = None
) -> dict[str, int]:
    """Insert redacted candidates of which the origin is new.

    Args:
        session: of the transaction.
        candidates: what may be new.
        now: when.
        approved_by: who approves them at once; else they wait for a curator.

    Returns:
        The numbers of those that were new, by origin.
    """
    if not candidates:
        return {}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Into the table, not as records, which cost twice as much and are not looked at here.
    table = Base.metadata.tables[Example.__tablename__]
    statement = insert(table).on_conflict_do_nothing().returning(table.c.origin, table.c.id)
    rows = [_values(row, now, approved_by) for row in candidates]
    return {row.origin: row.id for row in await session.execute(statement, rows)}


def _values(candidate: Candidate, now: datetime, approved_by: str | None) -> dict[str, object]:
    return {
        "origin": candidate.origin,
        "source": candidate.source,
        "prompt": candidate.question,
        "completion": candidate.answer,
        "rejected": candidate.rejected,
        "label": candidate.label,
        "votes": candidate.votes,
        "origin_answer_id": candidate.origin_answer_id,
        "workspace_id": candidate.workspace_id,
        "conversation": candidate.conversation,
        "person": candidate.person,
        "author": candidate.author,
        "split": candidate.split or split_of(candidate.conversation),
        "sort_key": sort_key_of(candidate.question),
        "status": ExampleStatus.PENDING if approved_by is None else ExampleStatus.APPROVED,
        "curator": approved_by,
        "decided_at": None if approved_by is None else now,
        "created_at": now,
    }

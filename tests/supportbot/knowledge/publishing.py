"""Rows as a curator approves them, for tests of what becomes known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation.keys import sort_key_of, split_of
from supportbot.feedback.curation.store import Decision, ExampleStore

_numbers = itertools.count()


async def propose(database: Database, question: str, answer: str, *, workspace_id: int | None = None) -> int:
    """Add a candidate that nobody has decided on yet; return its number."""
    async with database.write() as session:
        row = Example(
            origin=f"test:{next(_numbers)}",
            source=ExampleSource.IMPORT,
            prompt=question,
            completion=answer,
            label=ExampleLabel.GOOD,
            workspace_id=workspace_id,
            conversation=question,
            split=split_of(question),
            sort_key=sort_key_of(question),
            status=ExampleStatus.PENDING,
            created_at=datetime.now(UTC),
        )
        session.add(row)
        await session.flush()
        return row.id


async def approve(
    database: Database, faq: Mapping[str, Sequence[str]], *, by: str = "Ana Lopez", workspace_id: int | None = None
) -> list[int]:
    """Approve questions by their answer, as `supportbot curate approve` does; return the numbers of the rows."""
    ids = [
        await propose(database, question, answer, workspace_id=workspace_id)
        for answer, questions in faq.items()
        for question in questions
    ]
    await ExampleStore(database).decide(ids, Decision.APPROVE, by)
    return ids

"""How imported rows become known: approved in the transaction that inserts them, older wordings giving way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Example
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.knowledge.publishing import publish

_REPLACED = "replaced:"
"""Before the number and the origin of a row that gave way, so that the same row can be imported again one day."""


async def approve(
    session: AsyncSession, texts: Mapping[str, str], inserted: Mapping[str, int], curator: str, now: datetime
) -> list[str]:
    """Let the answers of a file be given word for word, those that waited too; what was rejected stays rejected.

    Args:
        session: of the transaction that inserted what is new.
        texts: answers word for word, by origin.
        inserted: the numbers of the rows that were inserted as approved, by origin.
        curator: who approves.
        now: when.

    Returns:
        The origins of what was approved.
    """
    approved = {number: origin for origin, number in inserted.items()}
    if known := texts.keys() - inserted.keys():
        result = await session.execute(
            update(Example)
            .where(Example.origin.in_(known), Example.status == ExampleStatus.PENDING)
            .values(status=ExampleStatus.APPROVED, curator=curator, decided_at=now)
            .returning(Example.id, Example.origin)
            .execution_options(synchronize_session=False)
        )
        approved |= {row.id: row.origin for row in result}
    await publish(session, list(approved), texts={number: texts[origin] for number, origin in approved.items()})
    return list(approved.values())


async def replace(session: AsyncSession, example_ids: Sequence[int], curator: str, now: datetime) -> int:
    """Take examples out of what is known and trained on, because newer answers were approved; return how many."""
    query = (
        select(Example)
        .where(Example.id.in_(example_ids), Example.status == ExampleStatus.APPROVED)
        .order_by(Example.id)
        .with_for_update()
    )
    rows = (await session.scalars(query)).all() if example_ids else []
    for row in rows:
        row.status, row.curator, row.decided_at = ExampleStatus.REJECTED, curator, now
        if row.source is ExampleSource.IMPORT:
            row.origin = f"{_REPLACED}{row.id}:{row.origin}"
        audit.record(session, actor=curator, action="example.replace", subject=f"example:{row.id}")
    await session.flush()
    await publish(session, [row.id for row in rows])
    return len(rows)

"""Taking a decision back: the rows wait again as they were, and what became known by it is known no more.

A decision can be undone until somebody decides on one of its rows again. What is undone is written in the audit
beside what was done.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Example, ExampleDecision, ForeignQuestion
from supportbot.errors import SupportBotError
from supportbot.feedback.curation.keys import sort_key_of
from supportbot.knowledge.documents import forget_vectors
from supportbot.knowledge.publishing import publish
from supportbot.knowledge.store import raise_revision
from supportbot.words import N_

_GONE = N_("Nothing to undo. This was already undone, or its question was erased.")
_DECIDED_SINCE = N_("This can't be undone any more, because someone has reviewed it again since.")


class ReviewError(SupportBotError):
    """An item cannot be shown or decided on as somebody wants."""


async def deeds_of(session: AsyncSession, audit_ids: Collection[int]) -> dict[int, int]:
    """Return the decisions of which lines of the audit tell, by line: those that can still be undone."""
    query = (
        select(ExampleDecision.audit_id, ExampleDecision.deed)
        .join(Example, Example.id == ExampleDecision.example_id)
        .where(ExampleDecision.audit_id.in_(audit_ids), Example.decided_at == ExampleDecision.decided_at)
    )
    return dict((await session.execute(query)).all())


async def undo(session: AsyncSession, deed: int, by: str) -> list[int]:
    """Undo a decision within the caller's transaction.

    Args:
        session: of a transaction that writes.
        deed: its number, see ``ExampleDecision``.
        by: the person.

    Returns:
        The numbers of the examples, in their order.

    Raises:
        ReviewError: there is nothing to undo, or somebody decided again since.
        ConfigError: nobody is named.
    """
    await raise_revision(session)
    taken = select(ExampleDecision).where(ExampleDecision.deed == deed).order_by(ExampleDecision.example_id)
    decisions = {row.example_id: row for row in await session.scalars(taken)}
    query = select(Example).where(Example.id.in_(decisions)).order_by(Example.id).with_for_update()
    rows = list(await session.scalars(query.execution_options(populate_existing=True)))
    if not rows:
        raise ReviewError(_GONE)
    if any(row.decided_at != decisions[row.id].decided_at for row in rows):
        raise ReviewError(_DECIDED_SINCE)
    reworded, edited = [], []
    for row in rows:
        before = decisions[row.id]
        row.status, row.label, row.curator = before.status, before.label, before.curator
        row.decided_at = before.decided_before
        if before.prompt is not None:
            row.prompt, row.sort_key = before.prompt, sort_key_of(before.prompt)
            reworded.append(row.id)
        if before.completion is not None:
            row.completion, row.rejected = before.completion, before.rejected
            edited.append(row.id)
        audit.record(
            session,
            actor=by,
            action="example.undo",
            subject=f"example:{row.id}",
            details={"undone": before.audit_id},
        )
    await session.flush()
    if reworded:
        await forget_vectors(session, reworded)
    numbers = [row.id for row in rows]
    await publish(session, numbers, edited=edited)
    await _unmark(session, {one.foreign_id for one in decisions.values() if one.foreign_id is not None}, by)
    await session.execute(delete(ExampleDecision).where(ExampleDecision.deed == deed))
    return numbers


async def _unmark(session: AsyncSession, foreign_ids: Collection[int], by: str) -> None:
    for number in sorted(foreign_ids):
        gone = await session.scalar(
            delete(ForeignQuestion).where(ForeignQuestion.id == number).returning(ForeignQuestion.id)
        )
        if gone is not None:
            audit.record(session, actor=by, action="foreign.remove", subject=f"foreign:{number}")

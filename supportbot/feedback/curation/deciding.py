"""What a decision on examples does, within the caller's transaction: all of it, or none.

Approving is publishing: the row becomes a wording of an approved answer, which every daemon gives within two
seconds. Each row gets its line in the audit, and keeps what it was before, so that the decision can be undone
(``feedback.review.undoing``). Whoever calls has redacted what was typed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Audit, Example, ExampleDecision
from supportbot.db.states import ExampleLabel, ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.feedback.curation._insert import clean
from supportbot.feedback.curation.keys import sort_key_of
from supportbot.knowledge.documents import forget_vectors
from supportbot.knowledge.publishing import publish
from supportbot.knowledge.store import raise_revision


class ExampleError(SupportBotError):
    """An example is not there, or cannot be what a curator wants it to be."""


class Decision(StrEnum):
    """What a curator does with an example; an edit alone leaves its status as it is."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Settled:
    """Examples as a decision left them, by their numbers, and its own number; None for an edit, which has none."""

    rows: list[Example]
    deed: int | None


async def settle(
    session: AsyncSession,
    example_ids: Sequence[int],
    decision: Decision,
    curator: str,
    *,
    together: Collection[int] = (),
    edits: Mapping[str, str] | None = None,
    reason: str | None = None,
    into: int | None = None,
    foreign: Mapping[int, int] | None = None,
) -> Settled:
    """Decide on examples.

    Args:
        session: of the transaction.
        example_ids: which.
        decision: what to do with them.
        curator: the person who decides.
        together: what is alike and decided with them, see ``ExampleStore.decide``.
        edits: texts that replace theirs, redacted: ``question``, ``answer``.
        reason: why, for the audit.
        into: the entry that approved ones become wordings of.
        foreign: the foreign questions that were marked with it, by example.

    Raises:
        ExampleError: one of them is not there.
    """
    edits, foreign = edits or {}, foreign or {}
    # Always in the same order, so two curators wait for each other and never for ever; the revision first.
    await raise_revision(session)
    which = or_(
        Example.id.in_(example_ids), and_(Example.id.in_(together), Example.status == ExampleStatus.PENDING)
    )
    query = select(Example).where(which).order_by(Example.id).with_for_update()
    rows = {row.id: row for row in await session.scalars(query.execution_options(populate_existing=True))}
    asked_for = set(example_ids)
    chosen = [known(rows.get(example_id), example_id) for example_id in dict.fromkeys(example_ids)]
    before = {row.id: _before(row) for row in rows.values()}
    for row in rows.values():
        _edit(row, **edits)
    shown = {(row.prompt, row.completion) for row in chosen}
    lines: dict[int, Audit] = {}
    for row in rows.values():
        is_unseen = decision is Decision.APPROVE and (row.prompt, row.completion) not in shown
        done = Decision.REJECT if is_unseen else decision
        _settle(row, done, curator)
        lines[row.id] = audit.record(
            session,
            actor=curator,
            action=f"example.{done}",
            subject=f"example:{row.id}",
            details={
                **({"edited": sorted(edits)} if edits else {}),
                **({"reason": reason} if reason else {}),
                **({} if into is None else {"entry": into}),
                **({} if row.id in asked_for else {"with": chosen[0].id}),
            },
        )
    await session.flush()
    deed = None
    if decision is not Decision.EDIT:
        deed = min(line.id for line in lines.values())
        for row in rows.values():
            taken = before[row.id]
            _remember(taken, row, lines[row.id], deed, foreign.get(row.id))
            session.add(taken)
    if "question" in edits:
        await forget_vectors(session, rows)
    public = [row.id for row in rows.values() if _is_public(row, decision)]
    chosen_entry = {} if into is None else dict.fromkeys(public, into)
    await publish(session, public, edited=public if "answer" in edits else (), into=chosen_entry)
    return Settled(list(rows.values()), deed)


def edited(text: str, keep: Collection[str]) -> str:
    """Return a text that a curator typed, redacted; ``keep`` is public, see ``redact``.

    Raises:
        ExampleError: there is nothing to read in it.
    """
    if not (cleaned := clean(text, keep)):
        raise ExampleError("An example needs a question and an answer; neither can be empty.")
    return cleaned


def known(row: Example | None, example_id: int) -> Example:
    """Return a row that was looked up.

    Raises:
        ExampleError: there is none.
    """
    if row is None:
        raise ExampleError(f"There is no example {example_id}: `supportbot curate list` shows them all.")
    return row


def _before(row: Example) -> ExampleDecision:
    return ExampleDecision(
        example_id=row.id,
        status=row.status,
        label=row.label,
        prompt=row.prompt,
        completion=row.completion,
        rejected=row.rejected,
        curator=row.curator,
        decided_before=row.decided_at,
    )


def _remember(taken: ExampleDecision, row: Example, line: Audit, deed: int, foreign_id: int | None) -> None:
    """Complete what is kept of a decision; texts that it left alone are not kept twice."""
    taken.audit_id, taken.deed, taken.foreign_id = line.id, deed, foreign_id
    taken.decided_by, taken.decided_at = line.actor, row.decided_at or datetime.now(UTC)
    if taken.prompt == row.prompt:
        taken.prompt = None
    if taken.completion == row.completion:
        taken.completion = taken.rejected = None


def _edit(row: Example, question: str | None = None, answer: str | None = None) -> None:
    if question is not None:
        row.prompt, row.sort_key = question, sort_key_of(question)
    if answer is not None and answer != row.completion:
        if row.label is ExampleLabel.BAD:
            row.label, row.rejected = ExampleLabel.GOOD, row.completion
        row.completion = answer


def _settle(row: Example, decision: Decision, curator: str) -> None:
    row.curator = curator
    if decision is not Decision.EDIT:
        row.lease_owner = row.lease_until = None
        row.status = ExampleStatus.APPROVED if decision is Decision.APPROVE else ExampleStatus.REJECTED
        row.decided_at = datetime.now(UTC)


def _is_public(row: Example, decision: Decision) -> bool:
    """Return whether a decision may change what people are told: an edit of what waits does not."""
    return decision is not Decision.EDIT or row.status is ExampleStatus.APPROVED

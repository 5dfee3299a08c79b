"""What a curator sees and decides: votes only rank, and nothing is said or trained on that no person approved.

What a curator types is redacted like everything else. What a decision does is in ``deciding``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, case, func, select

from supportbot.db.models import Entry, Example, Wording
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.feedback.consent import counts_for_training
from supportbot.feedback.curation.alike import Alike, accounts_of, groups
from supportbot.feedback.curation.deciding import Decision, ExampleError, edited, known, settle

__all__ = ["Decision", "ExampleError", "ExampleStore", "StoredExample", "approved_answers"]

_MOST_ANSWERS = 500
"""What a model is told that answers may repeat: more than most shops have, and read in milliseconds."""

_MOST_ROWS = 20_000
"""Rows that are looked at for these, so that a change costs the same however much is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExample:
    """An example as a curator sees it.

    ``rejected`` is the answer that ``answer`` corrects; ``votes`` are the net votes on the answer in chat;
    ``alike`` are corrections that say nearly the same and are decided on with it, where it was listed.
    """

    example_id: int
    question: str
    answer: str
    rejected: str | None
    label: ExampleLabel
    votes: int
    source: ExampleSource
    status: ExampleStatus
    split: Split
    duplicate_of_id: int | None
    curator: str | None
    created_at: datetime
    decided_at: datetime | None
    alike: Alike | None = None


class ExampleStore:
    """Examples in the database.

    Args:
        database: where they are kept.
        keep: what is public although it looks personal, see ``redact``.
    """

    def __init__(self, database: Database, *, keep: Collection[str] = ()) -> None:
        self._database = database
        self._keep = keep

    async def ranked(
        self, status: ExampleStatus = ExampleStatus.PENDING, *, limit: int = 100
    ) -> list[StoredExample]:
        """Return examples, those with the strongest evidence first.

        A correction says what is right, an answer of a person too; among answers of the bot the clearest vote
        comes first, up or down. Of corrections that wait and say nearly the same, one is shown for all.
        """
        async with self._database.read() as session:
            if status is not ExampleStatus.PENDING:
                return [_read(row) for row in await session.scalars(_by_evidence(status, limit))]
            grouped = (await groups(session))[:limit]
            numbers = [group.shown for group in grouped]
            rows = {row.id: row for row in await session.scalars(select(Example).where(Example.id.in_(numbers)))}
            corrections = [
                replace(_read(rows[group.shown]), alike=await accounts_of(session, group))
                for group in grouped
                if group.shown in rows  # PostgreSQL shows what was decided meanwhile
            ]
            others = _by_evidence(status, limit - len(corrections)).where(
                Example.source != ExampleSource.CORRECTION
            )
            return [*corrections, *(_read(row) for row in await session.scalars(others))]

    async def together_with(self, example_ids: Collection[int]) -> list[int]:
        """Return the corrections that wait and say nearly the same as some of these."""
        wanted = set(example_ids)
        async with self._database.read() as session:
            found = [{group.shown, *group.others} for group in await groups(session)]
        return sorted(number for group in found if group & wanted for number in group - wanted)

    async def get(self, example_id: int) -> StoredExample:
        """Return one example.

        Raises:
            ExampleError: there is none with this id.
        """
        async with self._database.read() as session:
            return _read(known(await session.get(Example, example_id), example_id))

    async def counts(self) -> dict[ExampleStatus, int]:
        """Return how many examples have each status."""
        query = select(Example.status, func.count()).group_by(Example.status)
        async with self._database.read() as session:
            found = dict(iter(await session.execute(query)))
        return {status: found.get(status, 0) for status in ExampleStatus}

    async def decide(
        self,
        example_ids: Sequence[int],
        decision: Decision,
        curator: str,
        *,
        together: Sequence[int] = (),
        question: str | None = None,
        answer: str | None = None,
        reason: str | None = None,
    ) -> list[StoredExample]:
        """Decide on examples, all or none; return them as they are now.

        Args:
            example_ids: which; texts can be given for a single one only.
            decision: what to do with them.
            curator: the person who decides.
            together: what is alike (``Alike.others``) and decided with them, texts included, if it still waits;
                what does not say it in the same words is never approved, but rejected.
            question: replaces the text of the question.
            answer: replaces the answer; a bad answer that was fixed becomes a good example, with the old one
                kept as the rejected one.
            reason: why, for the audit.

        Raises:
            ExampleError: one of them is not there, no curator is named, or a text is empty.
        """
        if not curator.strip():
            raise ExampleError("A decision needs the name of the person who decides: add --by NAME.")
        texts = {"question": question, "answer": answer}
        edits = {
            name: await asyncio.to_thread(edited, text, self._keep)
            for name, text in texts.items()
            if text is not None
        }
        if len(example_ids) > 1 and edits:
            raise ExampleError("Only one example can be edited at a time: name one.")
        if decision is Decision.EDIT and not edits:
            raise ExampleError("There is nothing to edit: give --question, --answer, or both.")
        async with self._database.write() as session:
            settled = await settle(
                session, example_ids, decision, curator, together=together, edits=edits, reason=reason
            )
            return [_read(row) for row in settled.rows]


def _by_evidence(status: ExampleStatus, limit: int) -> Select[Example]:
    evidence = case({ExampleSource.CORRECTION: 0, ExampleSource.HUMAN: 1}, value=Example.source, else_=2)
    return (
        select(Example)
        .where(Example.status == status)
        .order_by(evidence, func.abs(Example.votes).desc(), Example.id)
        .limit(limit)
    )


async def approved_answers(database: Database) -> list[str]:
    """Return the answers that were approved last and may be said anywhere, the newest at the end.

    What came from a workspace that did not consent, and what a curator keeps for one workspace, is not among them.
    """
    is_narrowed = (
        select(Wording.id)
        .join(Entry, Entry.id == Wording.entry_id)
        .where(Wording.example_id == Example.id, Entry.workspace_id.is_not(None))
        .exists()
    )
    latest = (
        select(Example.id, Example.completion)
        .where(
            Example.status == ExampleStatus.APPROVED,
            Example.label == ExampleLabel.GOOD,
            counts_for_training(Example.workspace_id),
            ~is_narrowed,
        )
        .order_by(Example.id.desc())
        .limit(_MOST_ROWS)
        .subquery()
    )
    query = (
        select(latest.c.completion)
        .group_by(latest.c.completion)
        .order_by(func.max(latest.c.id).desc())
        .limit(_MOST_ANSWERS)
    )
    async with database.read() as session:
        return list(await session.scalars(query))[::-1]


def _read(row: Example) -> StoredExample:
    return StoredExample(
        example_id=row.id,
        question=row.prompt,
        answer=row.completion,
        rejected=row.rejected,
        label=row.label,
        votes=row.votes,
        source=row.source,
        status=row.status,
        split=row.split,
        duplicate_of_id=row.duplicate_of_id,
        curator=row.curator,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )

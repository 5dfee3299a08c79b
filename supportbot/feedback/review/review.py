"""What the console's Review page asks and does: the queue, one item at a time, decisions and their undoing.

Consent, redaction and what a decision changes are those of ``supportbot curate``: both decide by
``curation.deciding``. Here a decision is taken only from a page that holds the item, so two curators never decide
on one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Example
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState, ExampleStatus
from supportbot.feedback.curation import chosen
from supportbot.feedback.curation.chosen import Put
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.deciding import Decision, edited, settle
from supportbot.feedback.foreign import mark
from supportbot.feedback.review import leases, undoing
from supportbot.feedback.review.arranging import arrange
from supportbot.feedback.review.counting import Overview, overview
from supportbot.feedback.review.items import Item, others_of, read_item
from supportbot.feedback.review.leases import LEASE, Choice, Place, Seat
from supportbot.feedback.review.near import Near, find, nearest
from supportbot.feedback.review.order import WAITS
from supportbot.feedback.review.undoing import ReviewError
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.store import raise_revision
from supportbot.words import N_

_NOT_HELD = N_("Someone else is reviewing this now, or has already done so. Continue with the next item.")
_ONE_AT_A_TIME = N_("You can edit only one item at a time. Clear the other checkboxes first.")
_NO_ENTRY = N_("This answer is no longer available. Search for another one.")


class Review:
    """The queue of what waits for a curator.

    Args:
        database: where it is kept.
        knowledge: what is approved, asked for the nearest answers.
        keep: what is public although it looks personal, see ``redact``.
        lease: how long a page that says nothing more keeps an item.
    """

    def __init__(
        self, database: Database, knowledge: Knowledge, *, keep: Collection[str] = (), lease: timedelta = LEASE
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._keep = keep
        self._lease = lease

    async def collect(self) -> int:
        """Bring the queue up to date with the log; return how many items are new."""
        collected = await collect(self._database, keep=self._keep)
        await arrange(self._database)
        return sum(collected.new.values())

    async def put(self, answer_id: int, by: str) -> Put:
        """Put an answer of the log into the queue; see ``curation.chosen``."""
        return await chosen.put_answer(self._database, answer_id, by, self._keep)

    async def put_text(self, question: str, answer: str, by: str, question_id: int | None = None) -> Put:
        """Put what a model wrote in the playground into the queue; see ``curation.chosen``."""
        return await chosen.put_text(self._database, question, answer, by, self._keep, question_id=question_id)

    async def take_back(self, put: Put, by: str) -> None:
        """Undo that something was put into the queue.

        Raises:
            ChosenError: it does not wait any more.
        """
        await chosen.take_back(self._database, put, by)

    async def arrange(self) -> None:
        """Bring the order of the queue up to date."""
        await arrange(self._database)

    async def count_open(self) -> int:
        """Return how many items wait."""
        async with self._database.read() as session:
            return await session.scalar(select(func.count()).select_from(Example).where(WAITS)) or 0

    async def overview(self, seat: Seat, by: str) -> Overview:
        """Return how far the queue is; ``by`` is as the audit calls who asks."""
        async with self._database.read() as session:
            return await overview(session, seat, by)

    async def take(
        self,
        seat: Seat,
        choice: Choice,
        *,
        beyond: Place | None = None,
        backwards: bool = False,
        only: int | None = None,
    ) -> Item | None:
        """Show a page its next item, and let go of the one that it had.

        Args:
            seat: the page.
            choice: of which items.
            beyond: where to go on from; None for the first that waits.
            backwards: the one before that place instead of the one behind it.
            only: this one, whatever else waits.

        Returns:
            The item, which nobody else is shown meanwhile; None where none is free.
        """
        async with self._database.write() as session:
            taken = await leases.take(
                session, seat, choice, beyond=beyond, backwards=backwards, only=only, lease=self._lease
            )
        if taken is None:
            return None
        async with self._database.read() as session:
            return await read_item(session, seat, taken)

    async def renew(self, seat: Seat, example_id: int) -> bool:
        """Hold on to what a page shows; return whether it still has the item."""
        async with self._database.write() as session:
            return example_id in await leases.renew(session, seat, lease=self._lease)

    async def free(self, seat: Seat) -> None:
        """Give back what a page holds, because it was closed."""
        async with self._database.write() as session:
            await leases.free(session, seat)

    async def nearest(self, item: Item) -> list[Near]:
        """Return the approved answers that are nearest to an item's question, the nearest first."""
        return await nearest(self._knowledge, item)

    async def find(self, text: str) -> list[Near]:
        """Return a few approved answers that say something, or are asked for with it."""
        return await find(self._database, text)

    async def approve(
        self,
        seat: Seat,
        example_ids: Sequence[int],
        by: str,
        *,
        question: str | None = None,
        answer: str | None = None,
    ) -> int:
        """Let the bot say items, and learn them; those that are bad become answers to avoid.

        Args:
            seat: the page, which holds all of them.
            example_ids: which.
            by: the person.
            question: replaces the text of the question, for a single item.
            answer: replaces the answer, likewise.

        Returns:
            The number of the decision, by which it can be undone.

        Raises:
            ReviewError: the page does not hold one of them, or a text is given for several.
            ExampleError: a text is empty.
        """
        typed = {"question": question, "answer": answer}
        edits = {
            name: await asyncio.to_thread(edited, text, self._keep)
            for name, text in typed.items()
            if text is not None
        }
        if edits and len(example_ids) > 1:
            raise ReviewError(_ONE_AT_A_TIME)
        async with self._database.write() as session:
            return await _decide(session, seat, example_ids, Decision.APPROVE, by, edits=edits)

    async def reject(self, seat: Seat, example_ids: Sequence[int], by: str) -> int:
        """Let the bot neither say nor learn items; as ``approve``."""
        async with self._database.write() as session:
            return await _decide(session, seat, example_ids, Decision.REJECT, by)

    async def merge(self, seat: Seat, example_ids: Sequence[int], by: str, entry_id: int) -> int:
        """Make the questions of items wordings of an approved answer, whatever they propose; as ``approve``.

        Raises:
            ReviewError: as ``approve``, or the answer is not live.
        """
        async with self._database.read() as session:
            answer = (await _live(session, entry_id)).answer
        learned = await asyncio.to_thread(edited, answer, self._keep)
        async with self._database.write() as session:
            await raise_revision(session)
            if (await _live(session, entry_id)).answer != answer:
                raise ReviewError(_NO_ENTRY)
            edits = {"answer": learned}
            return await _decide(session, seat, example_ids, Decision.APPROVE, by, edits=edits, into=entry_id)

    async def disown(self, seat: Seat, example_ids: Sequence[int], by: str) -> int:
        """Mark the questions of items as none of ours, and reject the items; as ``approve``.

        Raises:
            ReviewError: as ``approve``.
            KnowledgeError: an approved answer has one of the questions.
        """
        async with self._database.write() as session:
            revision = await raise_revision(session)
            asked = select(Example.id, Example.prompt).where(Example.id.in_(example_ids)).order_by(Example.id)
            marked: dict[int, int] = {}
            for row in (await session.execute(asked)).all():
                foreign, is_new = await mark(session, row.prompt, by, revision)
                if is_new:
                    marked[row.id] = foreign.id
            return await _decide(session, seat, example_ids, Decision.REJECT, by, foreign=marked)

    async def undo(self, deed: int, by: str) -> list[int]:
        """Undo a decision; return the items that wait again.

        Raises:
            ReviewError: it was undone already, somebody decided again since, or what it was about was erased.
        """
        async with self._database.write() as session:
            return await undoing.undo(session, deed, by)

    async def deeds_of(self, audit_ids: Collection[int]) -> dict[int, int]:
        """Return the decisions of which lines of the audit tell, by line: those that can still be undone."""
        async with self._database.read() as session:
            return await undoing.deeds_of(session, audit_ids)


async def _decide(
    session: AsyncSession,
    seat: Seat,
    example_ids: Sequence[int],
    decision: Decision,
    by: str,
    *,
    edits: Mapping[str, str] | None = None,
    into: int | None = None,
    foreign: Mapping[int, int] | None = None,
) -> int:
    """Decide on what a page holds, with the corrections that are alike; return the number of the decision."""
    await raise_revision(session)  # first, as whoever decides elsewhere does
    held = select(Example.id).where(
        Example.id.in_(example_ids), Example.lease_owner == seat.name, Example.status == ExampleStatus.PENDING
    )
    found = set(await session.scalars(held.order_by(Example.id).with_for_update()))
    if not found or found != set(example_ids):
        raise ReviewError(_NOT_HELD)
    settled = await settle(
        session,
        example_ids,
        decision,
        by,
        together=await others_of(session, example_ids),
        edits=edits,
        into=into,
        foreign=foreign,
    )
    assert settled.deed is not None  # noqa: S101 - only an edit has none
    return settled.deed


async def _live(session: AsyncSession, entry_id: int) -> Entry:
    entry = await session.get(Entry, entry_id, populate_existing=True)
    if entry is None or entry.state is not EntryState.LIVE or entry.source is EntrySource.SMALL_TALK:
        raise ReviewError(_NO_ENTRY)
    return entry

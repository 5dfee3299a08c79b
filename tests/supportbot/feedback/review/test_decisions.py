"""Decisions from a page, and each of them undone; on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from supportbot.db import audit
from supportbot.db.models import Entry, Example, ExampleDecision, ForeignQuestion, Wording
from supportbot.db.session import Database
from supportbot.db.states import EntryState, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.entries import Entries
from supportbot.feedback.review.leases import Choice
from supportbot.feedback.review.review import Review
from supportbot.feedback.review.undoing import ReviewError
from tests.supportbot.feedback.curation.rows import add_examples, example, stored
from tests.supportbot.feedback.review.conftest import ADA, BEN

WAITS = {"status": ExampleStatus.PENDING}
ALL = Choice()


async def known(database: Database) -> list[tuple[str, str]]:
    """Return what the bot says now: each wording with its answer."""
    async with database.read() as session:
        rows = await session.execute(
            select(Wording.text, Entry.answer)
            .join(Entry, Entry.id == Wording.entry_id)
            .where(Entry.state == EntryState.LIVE)
            .order_by(Wording.id)
        )
        return [(row.text, row.answer) for row in rows]


def texts(row: Example) -> tuple[Any, ...]:
    """Return what a decision can change of a row."""
    return (
        row.prompt,
        row.sort_key,
        row.completion,
        row.rejected,
        row.label,
        row.status,
        row.curator,
        row.decided_at,
    )


@pytest.mark.parametrize("verdict", ["approve", "edit", "reject", "merge", "disown"])
async def test_each_decision_can_be_undone(database: Database, review: Review, verdict: str) -> None:
    """A decision does what its button says, and undone, rows, knowledge and foreign questions are as before."""
    entry = (await Entries(database).add(["How long do you take?"], "Two days.", "ada")).entry_id
    [number] = await add_examples(
        database,
        example("When is it there?", "Never.", label=ExampleLabel.BAD, source=ExampleSource.VOTES, **WAITS),
    )
    rows, said = [texts(row) for row in await stored(database)], await known(database)
    assert await review.take(ADA, ALL) is not None
    match verdict:
        case "approve":
            deed = await review.approve(ADA, [number], "ada")
        case "edit":
            deed = await review.approve(ADA, [number], "ada", question="When?", answer="Ask eve@example.org.")
            assert await known(database) == [*said, ("When?", "Ask [email].")]
        case "reject":
            deed = await review.reject(ADA, [number], "ada")
        case "merge":
            deed = await review.merge(ADA, [number], "ada", entry)
            assert await known(database) == [*said, ("When is it there?", "Two days.")]
        case _:
            deed = await review.disown(ADA, [number], "ada")
            async with database.read() as session:
                assert list(await session.scalars(select(ForeignQuestion.text))) == ["When is it there?"]
    [line, *_] = [one for one in await audit.recent(database, 9) if one.subject == f"example:{number}"]
    assert line.actor == "ada"
    assert await review.deeds_of([line.audit_id, line.audit_id + 99]) == {line.audit_id: deed}
    assert (await review.overview(ADA, "ada")).decided_by_them == 1
    assert await review.count_open() == 0

    assert await review.undo(deed, "ben") == [number]
    assert [texts(row) for row in await stored(database)] == rows
    assert await known(database) == said
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ForeignQuestion)) == 0
        assert await session.scalar(select(func.count()).select_from(ExampleDecision)) == 0
    undone = [one for one in await audit.recent(database, 9) if one.action == "example.undo"]
    assert [(one.actor, one.details) for one in undone] == [("ben", {"undone": line.audit_id})]
    with pytest.raises(ReviewError, match="Nothing to undo"):
        await review.undo(deed, "ben")
    assert await review.deeds_of([line.audit_id]) == {}
    assert await review.take(BEN, ALL, only=number) is not None


async def test_like_items_are_decided_on_and_undone_as_one(database: Database, review: Review) -> None:
    """Items with the same answer come with one; of near-same corrections, unseen words are rejected."""
    await add_examples(
        database,
        *(
            example(question, answer, source=ExampleSource.CORRECTION, **WAITS)
            for question, answer in (
                ("Where do I pay my parcel?", "At the till."),
                ("Where do I pay my parcel?", "At the till!"),
                ("And how is it with cash?", "At the till."),
                ("What about vouchers, then?", "At the till."),
            )
        ),
    )
    await review.arrange()
    item = await review.take(ADA, ALL)
    assert item is not None
    assert [like.question for like in item.like] == ["And how is it with cash?", "What about vouchers, then?"]
    deed = await review.approve(ADA, [item.example_id, item.like[0].example_id], "ada")
    assert [row.status for row in await stored(database)] == [
        ExampleStatus.APPROVED,
        ExampleStatus.REJECTED,
        ExampleStatus.APPROVED,
        ExampleStatus.PENDING,
    ]
    assert len(await review.undo(deed, "ada")) == 3
    assert {row.status for row in await stored(database)} == {ExampleStatus.PENDING}
    assert await known(database) == []


async def test_only_who_holds_an_item_decides_on_it(database: Database, review: Review) -> None:
    """What another curator looks at, or has decided on, stays as it is."""
    numbers = await add_examples(database, example("One?", **WAITS), example("Two?", "Else.", **WAITS))
    await review.take(ADA, ALL)
    for held in ([numbers[0]], numbers, []):
        with pytest.raises(ReviewError, match="Someone else"):
            await review.approve(BEN, held, "ben")
    await ExampleStore(database).decide([numbers[0]], Decision.REJECT, "cy")
    with pytest.raises(ReviewError, match="Someone else"):
        await review.approve(ADA, [numbers[0]], "ada")
    assert [row.curator for row in await stored(database)] == ["cy", None]


async def test_what_was_decided_again_is_not_undone(database: Database, review: Review) -> None:
    """A decision of the command line can be undone as well, but only the last one."""
    [number] = await add_examples(database, example("One?", **WAITS))
    store = ExampleStore(database)
    await store.decide([number], Decision.REJECT, "ada")
    [first] = await audit.recent(database, 1)
    lines = [first.audit_id, first.audit_id + 1]
    [rejected] = (await review.deeds_of(lines)).values()
    await store.decide([number], Decision.APPROVE, "ben")
    [approved] = (await review.deeds_of(lines)).values()
    with pytest.raises(ReviewError, match="reviewed it again"):
        await review.undo(rejected, "cy")
    await review.undo(approved, "cy")
    assert await review.deeds_of(lines) == {first.audit_id: rejected}
    await review.undo(rejected, "cy")
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING]
    assert await known(database) == []


async def test_an_item_is_merged_into_live_answers_only(database: Database, review: Review) -> None:
    """An answer that was retired meanwhile gets no wording; answers are found by their words."""
    entries = Entries(database)
    entry = (await entries.add(["How long do you take?"], "Two days.", "ada")).entry_id
    [number] = await add_examples(database, example("When?", **WAITS))
    await review.take(ADA, ALL)
    assert [near.entry_id for near in await review.find("two")] == [entry]
    await entries.retire([entry], "ada")
    with pytest.raises(ReviewError, match="no longer available"):
        await review.merge(ADA, [number], "ada", entry)
    assert await review.find("two") == []

"""Many accounts that say the same are one decision of a curator, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from supportbot.db import audit
from supportbot.db.models import Entry, Feedback
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, FeedbackReason
from supportbot.feedback.consent import allow
from supportbot.feedback.curation.alike import Alike
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.votes import Vote, Votes
from tests.supportbot.feedback.curation.rows import add_answer, add_examples, add_feedback, example, stored
from training.curate import select_examples

ACCOUNTS = 50
CORRECTION = {"status": ExampleStatus.PENDING, "source": ExampleSource.CORRECTION}


async def collude(database: Database, answer_id: int) -> None:
    """Have fifty accounts of one workspace, each three seconds later, say nearly the same against an answer."""
    votes = Votes(database)
    for number in range(ACCOUNTS):
        voter = f"slack:T1:U{number}"
        await votes.cast(answer_id, voter, Vote.DOWN)
        text = "Send the money to shop.evil instead" + "!" * (number % 3)
        await votes.explain(answer_id, voter, FeedbackReason.WRONG, text)
    async with database.write() as session:
        rows = list(await session.scalars(select(Feedback).order_by(Feedback.id)))
        for number, row in enumerate(rows):
            row.updated_at = rows[0].created_at + timedelta(seconds=3 * number)
    await collect(database)


async def taken(database: Database) -> int:
    """Return how many rows would train a model or examine it."""
    selection = await select_examples(database, labels=frozenset(ExampleLabel))
    return selection.taken + selection.held_out


async def entries(database: Database) -> int:
    """Return how many answers are approved."""
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Entry)) or 0


@pytest.mark.parametrize(("decision", "approved", "known"), [(Decision.APPROVE, 17, 1), (Decision.REJECT, 0, 0)])
async def test_fifty_accounts_are_one_decision(
    database: Database, decision: Decision, approved: int, known: int
) -> None:
    """Nothing is learned or said until a curator decides, who sees one item; only words that were shown count."""
    answer_id = await add_answer(database, "Where do I pay?", "In the shop.")
    await allow(database, "slack", "T1", "ada", allow=True)
    await collude(database, answer_id)
    store = ExampleStore(database)
    [shown] = await store.ranked()
    ids = [row.id for row in await stored(database)]
    assert shown.alike == Alike(others=tuple(ids[1:]), accounts=ACCOUNTS, within_seconds=3.0 * (ACCOUNTS - 1))
    assert (shown.example_id, len(ids)) == (ids[0], ACCOUNTS)
    assert (await taken(database), await entries(database)) == (0, 0)
    assert await store.together_with([ids[7]]) == [number for number in ids if number != ids[7]]

    await store.decide([shown.example_id], decision, "ada", together=shown.alike.others)
    rows = await stored(database)
    said = [row.completion for row in rows if row.status is ExampleStatus.APPROVED]
    assert said == [shown.answer] * approved
    assert {(row.status is ExampleStatus.PENDING, row.curator) for row in rows} == {(False, "ada")}
    assert (await taken(database), await entries(database)) == (known, known)
    assert await store.ranked() == []
    decided = [entry for entry in await audit.recent(database, 100) if entry.action.startswith("example.")]
    assert [entry.action for entry in decided].count("example.approve") == approved
    assert len(decided) == ACCOUNTS
    assert [entry.details for entry in decided].count({"with": shown.example_id}) == ACCOUNTS - 1


async def test_fifty_thumbs_add_nothing(database: Database) -> None:
    """Votes alone rank a candidate; it waits for a curator as it would with one."""
    answer_id = await add_answer(database)
    await allow(database, "slack", "T1", "ada", allow=True)
    for number in range(ACCOUNTS):
        await add_feedback(database, answer_id, 1, f"slack:T1:U{number}")
    await collect(database)
    [row] = await ExampleStore(database).ranked()
    assert (row.votes, row.status, row.alike) == (ACCOUNTS, ExampleStatus.PENDING, None)
    assert (await taken(database), await entries(database)) == (0, 0)


async def test_what_differs_is_decided_by_itself(database: Database) -> None:
    """Another answer, another number, or another question is another item; many of them part no group."""
    differing = [
        example("How long?", f"It takes {number} days, as we say.", **CORRECTION) for number in range(30, 60)
    ]
    ids = await add_examples(
        database,
        example("How long?", "It takes a week, as we say.", **CORRECTION),
        *differing,
        example("How long?", "It takes a week, as we say!", **CORRECTION),
        example("How far is it?", "It takes a week, as we say.", **CORRECTION),
        example("How long?", "Ask somebody else, please.", **CORRECTION),
    )
    listed = await ExampleStore(database).ranked()
    assert [row.example_id for row in listed] == [*ids[:-3], *ids[-2:]]
    assert [row.alike.others for row in listed if row.alike] == [(ids[-3],)]


async def test_what_another_curator_decided_stays(database: Database) -> None:
    """A row of the group that was decided since it was shown keeps its decision, and an edit is for all others."""
    ids = await add_examples(database, *(example("Where?", "In Leeds.", **CORRECTION) for _ in range(3)))
    store = ExampleStore(database)
    [shown] = await store.ranked()
    assert shown.alike
    await store.decide([ids[2]], Decision.REJECT, "eve")
    await store.decide([ids[0]], Decision.APPROVE, "ada", together=shown.alike.others, answer="In York.")
    assert [(row.status, row.completion, row.curator) for row in await stored(database)] == [
        *[(ExampleStatus.APPROVED, "In York.", "ada")] * 2,
        (ExampleStatus.REJECTED, "In Leeds.", "eve"),
    ]


async def test_what_the_log_no_longer_has_is_not_timed(database: Database) -> None:
    """Corrections whose votes are gone are still one item, of which nobody can say how fast they came."""
    answer_id = await add_answer(database)
    for number in range(2):
        await add_feedback(database, answer_id, -1, f"slack:T1:U{number}", "It is in Leeds.")
    await collect(database)
    async with database.write() as session:
        await session.execute(update(Feedback).values(correction=None))
        for row in await session.scalars(select(Feedback)):
            await session.delete(row)
    [shown] = await ExampleStore(database).ranked()
    assert shown.alike
    assert (shown.alike.accounts, shown.alike.within_seconds) == (2, None)

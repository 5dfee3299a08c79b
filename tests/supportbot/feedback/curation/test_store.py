"""Decisions of a curator, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from supportbot.db import audit
from supportbot.db.models import Entry, Wording
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.consent import allow
from supportbot.feedback.curation.keys import sort_key_of
from supportbot.feedback.curation.store import Decision, ExampleError, ExampleStore, approved_answers
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored

PENDING = {"status": ExampleStatus.PENDING}


async def test_the_strongest_evidence_comes_first(database: Database) -> None:
    """Corrections, then answers of people, then votes, the clearest first whichever way they point."""
    ids = await add_examples(
        database,
        example("one up", votes=1, source=ExampleSource.VOTES, **PENDING),
        example("human", source=ExampleSource.HUMAN, **PENDING),
        example("five down", votes=-5, source=ExampleSource.VOTES, label=ExampleLabel.BAD, **PENDING),
        example("correction", votes=-1, source=ExampleSource.CORRECTION, **PENDING),
        example("approved already", votes=9),
    )
    store = ExampleStore(database)
    ranked = await store.ranked()
    assert [row.example_id for row in ranked] == [ids[3], ids[1], ids[2], ids[0]]
    assert [row.question for row in await store.ranked(limit=1)] == ["correction"]
    assert await store.counts() == {
        ExampleStatus.PENDING: 4,
        ExampleStatus.APPROVED: 1,
        ExampleStatus.REJECTED: 0,
    }


@pytest.mark.parametrize(
    ("decision", "status"),
    [(Decision.APPROVE, ExampleStatus.APPROVED), (Decision.REJECT, ExampleStatus.REJECTED)],
)
async def test_each_decision_is_audited(database: Database, decision: Decision, status: ExampleStatus) -> None:
    """A decision changes the rows and says who made it and why."""
    ids = await add_examples(database, example("a", **PENDING), example("b", **PENDING))
    store = ExampleStore(database)
    decided = await store.decide(ids, decision, "ada", reason="policy")
    assert [(row.status, row.curator) for row in decided] == [(status, "ada")] * 2
    assert all(row.decided_at for row in decided)
    entries = await audit.recent(database, 10)
    assert [(entry.actor, entry.action, entry.subject, entry.details) for entry in entries[::-1]] == [
        ("ada", f"example.{decision}", f"example:{number}", {"reason": "policy"}) for number in ids
    ]


async def test_an_unknown_example_stops_the_whole_decision(database: Database) -> None:
    """All or none: nothing is decided and nothing audited."""
    [known] = await add_examples(database, example("a", **PENDING))
    with pytest.raises(ExampleError, match="There is no example 4711"):
        await ExampleStore(database).decide([known, 4711], Decision.APPROVE, "ada")
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING]
    assert await audit.recent(database, 10) == []


async def test_an_edit_is_redacted_and_sorted_anew(database: Database) -> None:
    """A curator's text is redacted like everything else, and the status stays."""
    [number] = await add_examples(database, example("Where?", **PENDING))
    store = ExampleStore(database)
    await store.decide([number], Decision.EDIT, "ada", question=" Where is eve@example.org? ", answer="Here.")
    [row] = await stored(database)
    assert (row.prompt, row.completion, row.status) == ("Where is [email]?", "Here.", ExampleStatus.PENDING)
    assert row.sort_key == sort_key_of("Where is [email]?")
    [entry] = await audit.recent(database, 1)
    assert entry.details == {"edited": ["answer", "question"]}
    assert (await store.get(number)).question == "Where is [email]?"


async def test_a_mended_bad_answer_is_a_good_example(database: Database) -> None:
    """The bad answer is kept as the one that the new one is preferred to."""
    [number] = await add_examples(database, example("Where?", "Nowhere.", label=ExampleLabel.BAD, **PENDING))
    [row] = await ExampleStore(database).decide([number], Decision.APPROVE, "ada", answer="In Leeds.")
    assert (row.answer, row.rejected, row.label, row.status) == (
        "In Leeds.",
        "Nowhere.",
        ExampleLabel.GOOD,
        ExampleStatus.APPROVED,
    )


@pytest.mark.parametrize(
    ("decision", "curator", "texts", "sentence"),
    [
        (Decision.APPROVE, " ", {}, "name of the person who decides"),
        (Decision.EDIT, "ada", {}, "nothing to edit"),
        (Decision.EDIT, "ada", {"answer": " \n"}, "neither can be empty"),
    ],
)
async def test_a_decision_that_says_nothing_is_refused(
    database: Database, decision: Decision, curator: str, texts: dict[str, Any], sentence: str
) -> None:
    """A decision without a name, or an edit without a text, is a sentence and changes nothing."""
    [number] = await add_examples(database, example("Where?", **PENDING))
    with pytest.raises(ExampleError, match=sentence):
        await ExampleStore(database).decide([number], decision, curator, **texts)
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING]


async def test_a_text_is_for_one_example(database: Database) -> None:
    """One text cannot become the text of several examples."""
    ids = await add_examples(database, example("a", **PENDING), example("b", **PENDING))
    with pytest.raises(ExampleError, match="Only one example can be edited"):
        await ExampleStore(database).decide(ids, Decision.EDIT, "ada", answer="x")


async def test_approved_answers_are_told_once_each(database: Database) -> None:
    """What a model may repeat is what was approved as good, the newest last; how often makes no difference."""
    await add_examples(
        database,
        example("a", "first"),
        example("b", "second"),
        example("c", "first"),
        example("d", "pending", **PENDING),
        example("e", "bad", label=ExampleLabel.BAD),
        example("f", "rejected", status=ExampleStatus.REJECTED),
    )
    assert await approved_answers(database) == ["second", "first"]


async def test_what_may_not_be_said_anywhere_is_told_to_no_model(database: Database) -> None:
    """Answers of a workspace count from its consent to its withdrawal, and never what one alone may hear."""
    open_ = await add_workspace(database, "slack", consents=True, name="T2")
    closed = await add_workspace(database, "slack", consents=False, name="T3")
    ids = await add_examples(
        database,
        example("a", "of a closed one", workspace_id=closed, **PENDING),
        example("b", "of an open one", workspace_id=open_, **PENDING),
        example("c", "for one alone", **PENDING),
        example("d", "anybody's", **PENDING),
    )
    [*_, narrowed, _] = ids
    await ExampleStore(database).decide(ids, Decision.APPROVE, "ada")
    async with database.write() as session:
        entry = select(Wording.entry_id).where(Wording.example_id == narrowed).scalar_subquery()
        await session.execute(update(Entry).where(Entry.id == entry).values(workspace_id=open_))
    assert await approved_answers(database) == ["of an open one", "anybody's"]
    await allow(database, "slack", "T2", "ada", allow=False)
    assert await approved_answers(database) == ["anybody's"]

"""What a curator looks at: pages of entries, and what became of an answer."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from supportbot.db.models import Answer, Entry, Feedback, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.feedback.entries import Entries
from supportbot.intake.inbox import Inbox
from supportbot.knowledge.manage import KnowledgeError, TakenError, TwinError
from supportbot.knowledge.searching import Place, Wanted
from supportbot.teaching.shelf import PAGE, Shelf
from tests.supportbot.conftest import MakeQuestion

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@contextmanager
def statements_of(database: Database) -> Generator[list[str]]:
    """Give the statements that run meanwhile."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_pages_follow_one_another_without_a_gap(database: Database) -> None:
    """Entries of one moment, as an import makes them, are on one page each, however many there are."""
    values = {"source": "import", "approved_by": "ada", "approved_at": NOW, "state": "live", "revision": 1}
    async with database.write() as session:
        session.add_all(
            Entry(answer=f"Answer {number}.", answer_key=str(number), created_at=NOW, **values)
            for number in range(2 * PAGE + 7)
        )
    shelf = Shelf(database)
    seen: list[str] = []
    after: Place | None = None
    sizes = []
    while True:
        page = await shelf.page(Wanted(), after)
        assert page.number == 2 * PAGE + 7
        seen += [entry.answer for entry in page.entries]
        sizes.append(len(page.entries))
        if (following := page.following) is None:
            break
        after = Place.read(str(following))
    assert sizes == [PAGE, PAGE, 7]
    assert seen == [f"Answer {number}." for number in reversed(range(2 * PAGE + 7))]


async def test_what_is_counted_follows_each_change(database: Database) -> None:
    """Entries are counted anew after a change, and only then; what expires meanwhile is seen anyway."""
    shelf, entries = Shelf(database), Entries(database)
    first = await entries.add(["How long?", "How many days?"], "Three days.", "ada")
    counts = await shelf.counts()
    assert (counts.entries, counts.wordings, counts.single, counts.retired, counts.expired) == (1, 2, 0, 0, ())
    async with database.write() as session:  # as time does, without a new revision
        (await session.get_one(Entry, first.entry_id)).valid_until = NOW.replace(year=2020)
    with statements_of(database) as seen:
        again = await shelf.counts()
    assert again == replace(counts, expired=(first.entry_id,))
    assert not any("wording" in statement for statement in seen)
    await entries.add(["Where?"], "Here.", "ada")
    await entries.retire([first.entry_id], "ada")
    counts = await shelf.counts()
    assert (counts.entries, counts.wordings, counts.single, counts.retired, counts.expired) == (1, 1, 1, 1, ())
    assert counts == await Shelf(database).counts()


async def test_use_of_an_answer_is_counted(database: Database, inbox: Inbox, question: MakeQuestion) -> None:
    """Times it was given word for word, the last of them, and votes with what they prove."""
    entry_id = (await Entries(database).add(["How long?"], "Three days.", "ada")).entry_id
    shelf = Shelf(database)
    unused = (await shelf.entry(entry_id)).use
    assert (unused.given, unused.last_given, unused.liked) == (0, None, None)
    for number, (source, votes) in enumerate(
        [(AnswerSource.APPROVED, (1, 1, -1)), (AnswerSource.APPROVED, ()), (AnswerSource.GENERATED, (-1,))]
    ):
        accepted = await inbox.accept(question())
        async with database.write() as session:
            answer = Answer(
                question_id=accepted.question_id,
                text="Three days.",
                source=source,
                entry_id=entry_id,
                created_at=NOW.replace(hour=number),
            )
            session.add(answer)
            await session.flush()
            session.add_all(
                Feedback(answer_id=answer.id, voter=f"slack:U{who}", vote=vote, created_at=NOW, updated_at=NOW)
                for who, vote in enumerate(votes)
            )
    use = (await shelf.entry(entry_id)).use
    assert (use.given, use.last_given, use.up, use.down) == (2, NOW.replace(hour=1), 2, 1)
    assert use.liked is not None
    assert use.liked == pytest.approx((2 / 3, 0.2077, 0.9385), abs=1e-3)  # Wilson's interval
    async with database.read() as session:
        asked = await session.get(Question, accepted.question_id)
    assert asked is not None
    assert await shelf.question(asked.id) == asked.text
    assert await shelf.question(10**9) is None
    assert await shelf.workspaces() == ["slack:T1"]
    with pytest.raises(KnowledgeError, match="There is no entry 99"):
        await shelf.entry(99)


async def test_what_stands_in_the_way_is_named(database: Database) -> None:
    """A wording that another entry has, and an answer that another one gives, say which entry that is."""
    entries = Entries(database)
    first = (await entries.add(["How long?"], "Three days.", "ada")).entry_id
    other = (await entries.add(["How much?"], "Four euros.", "ada")).entry_id
    with pytest.raises(TakenError) as taken:
        await entries.edit(other, "ada", add=["how LONG"])
    assert (taken.value.first.entry_id, taken.value.first.text) == (first, "How long?")
    with pytest.raises(TwinError) as twin:
        await entries.edit(other, "ada", answer="Three  days.")
    assert twin.value.entry_id == first

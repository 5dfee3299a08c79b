"""Knowledge in the database: approving publishes, edits move, rejecting takes back, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import column, inspect, select, table, text, update

from supportbot.db.base import table_of
from supportbot.db.models import Entry, Example, ForeignQuestion, Wording
from supportbot.db.schema import alembic_config, migrate
from supportbot.db.session import Database
from supportbot.db.states import LOCAL_WORKSPACE, EntrySource, EntryState, ExampleLabel, ExampleStatus
from supportbot.knowledge import publishing, small_talk, store
from supportbot.knowledge.entries import Encoded, KnownEntry
from tests.conftest import create_postgres_database
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example

ANSWER = "Delivery takes three days."


async def publish(database: Database, ids: Sequence[int], texts: dict[int, str] | None = None) -> int:
    """Publish rows in a transaction of their own."""
    async with database.write() as session:
        return await publishing.publish(session, ids, texts=texts)


async def change(database: Database, example_id: int, **values: Any) -> None:
    """Change a row and publish it, as a curator's decision does."""
    async with database.write() as session:
        await session.execute(update(Example).where(Example.id == example_id).values(**values))
        await publishing.publish(session, [example_id], edited=[example_id] if "completion" in values else ())


async def entries(database: Database) -> list[KnownEntry]:
    """Return all entries."""
    async with database.read() as session:
        return await store.entries(session)


async def changes(database: Database, revision: int) -> store.Changes:
    """Return what is newer than a revision."""
    async with database.read() as session:
        return await store.changes_since(session, revision)


def worded(found: Sequence[KnownEntry]) -> dict[str, list[str]]:
    """Return the wordings of the live entries, by answer."""
    return {
        entry.answer: [wording.text for wording in entry.wordings]
        for entry in found
        if entry.state is EntryState.LIVE
    }


async def test_rows_with_the_same_answer_become_wordings_of_one_entry(database: Database) -> None:
    """Answers that differ by blanks only are one, at once and later; who approved it is kept."""
    now = datetime.now(UTC)
    ids = await add_examples(
        database,
        example("How long?", ANSWER, curator="ada", decided_at=now),
        example("When will it come?", "Delivery takes\n three days. ", curator="eve"),
        example("Do you ship abroad?", "Yes.", curator="eve"),
    )
    assert await publish(database, ids) == 3
    [later] = await add_examples(database, example("Is it fast?", ANSWER))
    assert await publish(database, [later]) == 1
    found = await entries(database)
    assert worded(found) == {
        ANSWER: ["How long?", "When will it come?", "Is it fast?"],
        "Yes.": ["Do you ship abroad?"],
    }
    first = found[0]
    assert (first.approved_by, first.approved_at, first.source) == ("ada", now, EntrySource.IMPORT)


async def test_publishing_twice_changes_nothing(database: Database) -> None:
    """A row has one wording, however often it is published; its vector stays."""
    ids = await add_examples(database, example("How long?", ANSWER))
    await publish(database, ids)
    [entry] = await entries(database)
    async with database.write() as session:
        await store.store_vectors(session, Wording, "digest", {entry.wordings[0].id: Encoded(b"\0\0", b"\1")})
    await publish(database, ids)
    [again] = await entries(database)
    assert [(one.id, one.encoder, one.vector, one.token_vectors) for one in again.wordings] == [
        (entry.wordings[0].id, "digest", b"\0\0", b"\1")
    ]


async def test_an_answer_is_given_word_for_word_where_its_row_is_redacted(database: Database) -> None:
    """The entry has the text that was given with the row; another row with the same text joins it."""
    ids = await add_examples(
        database,
        example("How do I reach you?", "Write to [email]."),
        example("Your address?", "Write to [email]."),
    )
    given = "Write to help@shop.example."
    await publish(database, ids, dict.fromkeys(ids, given))
    assert worded(await entries(database)) == {given: ["How do I reach you?", "Your address?"]}


async def test_an_edited_answer_moves_the_wording(database: Database) -> None:
    """It leaves its entry for the one with the new answer; the old one stays for its other wordings."""
    ids = await add_examples(database, example("How long?", ANSWER), example("Is it fast?", ANSWER))
    await publish(database, ids)
    before = (await changes(database, 0)).revision
    await change(database, ids[1], completion="Very.")
    assert worded(await entries(database)) == {ANSWER: ["How long?"], "Very.": ["Is it fast?"]}
    assert len((await changes(database, before)).entries) == 2


async def test_redacted_row_keeps_the_answer_word_for_word(database: Database) -> None:
    """An edit of the question leaves the wording with the answer as it was approved, contacts included."""
    [number] = await add_examples(database, example("How do I reach you?", "Write to [email]."))
    async with database.write() as session:
        await publishing.publish(session, [number], texts={number: "Write to help@shop.example."})
    await change(database, number, prompt="How can I reach you?")
    assert worded(await entries(database)) == {"Write to help@shop.example.": ["How can I reach you?"]}


async def test_chosen_suggestion_joins_its_entry(database: Database) -> None:
    """A wording that a click proposed joins the entry that was chosen, whatever redaction did to its answer."""
    [number] = await add_examples(database, example("How do I reach you?", "Write to [email]."))
    async with database.write() as session:
        await publishing.publish(session, [number], texts={number: "Write to help@shop.example."})
    [entry] = await entries(database)
    [proposed] = await add_examples(database, example("mail adress?", "Write to [email]."))
    await change(database, proposed, origin=f"suggestion:7:{entry.id}")
    assert worded(await entries(database)) == {
        "Write to help@shop.example.": ["How do I reach you?", "mail adress?"]
    }


async def test_small_talk_and_narrow_entries_are_not_joined(database: Database) -> None:
    """A row with the answer of small talk, or of an entry for one workspace, gets an entry of its own."""
    async with database.write() as session:
        await small_talk.install(session)
    ids = await add_examples(database, example("How do you say thanks back?", "You are welcome!"))
    await publish(database, ids)
    async with database.read() as session:
        assert await store.count_live(session) == 1


async def test_an_edited_question_is_encoded_anew(database: Database) -> None:
    """The wording keeps its number and loses the vector of its old text."""
    ids = await add_examples(database, example("How lnog?", ANSWER))
    await publish(database, ids)
    [entry] = await entries(database)
    async with database.write() as session:
        await store.store_vectors(session, Wording, "digest", {entry.wordings[0].id: Encoded(b"\0\0", b"\1")})
    await change(database, ids[0], prompt="How long?")
    [again] = await entries(database)
    [wording] = again.wordings
    assert (wording.id, wording.text, wording.encoder, wording.vector) == (
        entry.wordings[0].id,
        "How long?",
        None,
        None,
    )


@pytest.mark.parametrize(
    "values", [{"status": ExampleStatus.REJECTED}, {"label": ExampleLabel.BAD}], ids=["rejected", "bad"]
)
async def test_what_is_taken_back_is_known_no_more(database: Database, values: dict[str, Any]) -> None:
    """A wording leaves with its row; the last one retires the entry, which daemons are told of."""
    ids = await add_examples(database, example("How long?", ANSWER), example("Is it fast?", ANSWER))
    await publish(database, ids)
    await change(database, ids[0], **values)
    assert worded(await entries(database)) == {ANSWER: ["Is it fast?"]}
    before = (await changes(database, 0)).revision
    await change(database, ids[1], **values)
    [entry] = (await changes(database, before)).entries
    assert (entry.state, entry.wordings) == (EntryState.RETIRED, ())
    assert (await changes(database, 0)).entries == ()


async def test_a_retired_answer_that_is_approved_again_is_a_new_entry(database: Database) -> None:
    """The number of the retired one stays with what was decided about it."""
    ids = await add_examples(database, example("How long?", ANSWER))
    await publish(database, ids)
    await change(database, ids[0], status=ExampleStatus.REJECTED)
    await change(database, ids[0], status=ExampleStatus.APPROVED)
    assert [entry.state for entry in await entries(database)] == [EntryState.RETIRED, EntryState.LIVE]
    assert worded(await entries(database)) == {ANSWER: ["How long?"]}


async def test_what_waits_is_not_published(database: Database) -> None:
    """A pending row makes no entry, though it is asked for."""
    ids = await add_examples(database, example("How long?", ANSWER, status=ExampleStatus.PENDING))
    assert await publish(database, ids) == 0
    assert await publish(database, []) == 0
    assert await entries(database) == []


async def test_a_daemon_is_told_only_what_changed(database: Database) -> None:
    """Newer than a revision is what was published after it, and all foreign questions."""
    first = await add_examples(database, example("How long?", ANSWER), example("Do you ship abroad?", "Yes."))
    await publish(database, first)
    seen = await changes(database, 0)
    assert (len(seen.entries), seen.foreign) == (2, ())
    assert (await changes(database, seen.revision)).entries == ()
    second = await add_examples(database, example("Where are you?", "In Leeds."))
    await publish(database, second)
    async with database.write() as session:
        await store.raise_revision(session)
        session.add(ForeignQuestion(text="What is the weather?", marked_by="ada", marked_at=datetime.now(UTC)))
    newer = await changes(database, seen.revision)
    assert [entry.answer for entry in newer.entries] == ["In Leeds."]
    assert newer.foreign == ("What is the weather?",)
    assert newer.revision == seen.revision + 2


async def test_writers_at_once_take_turns(database: Database) -> None:
    """Ten that publish the same answer at the same time make one entry of ten wordings, and ten revisions."""
    ids = await add_examples(database, *(example(f"Question {number}?", ANSWER) for number in range(10)))
    await asyncio.gather(*(publish(database, [number]) for number in ids))
    [entry] = await entries(database)
    assert len(entry.wordings) == 10
    # The migration's own is the first.
    assert (await changes(database, 0)).revision == 11


async def test_a_wording_knows_whose_log_it_is_from(database: Database) -> None:
    """Only workspaces that consented, and this machine's own, may be heard elsewhere."""
    slack, other, web = [
        await add_workspace(database, platform, consents=consents, name=name)
        for platform, consents, name in (
            ("slack", True, None),
            ("discord", False, None),
            ("web", False, LOCAL_WORKSPACE),
        )
    ]
    ids = await add_examples(database, example("How long?", ANSWER, workspace_id=other))
    await publish(database, ids)
    [entry] = await entries(database)
    assert [wording.workspace_id for wording in entry.wordings] == [other]
    async with database.read() as session:
        assert await store.consenting_workspaces(session) == {slack, web}


async def test_erasing_a_row_erases_its_wording(database: Database) -> None:
    """What a person asked to be erased leads to no answer any more."""
    ids = await add_examples(database, example("How long?", ANSWER), example("Is it fast?", ANSWER))
    await publish(database, ids)
    async with database.write() as session:
        await session.execute(text("DELETE FROM example WHERE id = :id"), {"id": ids[0]})
    assert worded(await entries(database)) == {ANSWER: ["Is it fast?"]}


async def test_what_ships_is_not_counted(database: Database) -> None:
    """Small talk is no knowledge of one's own."""
    ids = await add_examples(database, example("How long?", ANSWER))
    await publish(database, ids)
    async with database.write() as session:
        await session.execute(update(Entry).values(source=EntrySource.SMALL_TALK))
    async with database.read() as session:
        assert await store.count_live(session) == 0


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with the schema of before there were approved answers."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    else:
        url = create_postgres_database(request.getfixturevalue("postgres_url"), "template0")
    command.upgrade(alembic_config(url), "0003")
    return url


async def test_migrating_makes_entries_of_approved_rows(old_url: str) -> None:
    """Rows with the same answer become wordings of one entry; all are there, also past a page."""
    database = Database(old_url)
    now = datetime.now(UTC)
    async with database.write() as session:
        rows = [
            example(f"Question {number}?", f"Answer  {number % 700}.", curator="ada", decided_at=now)
            for number in range(2_100)
        ]
        rows += [
            example("Blanks?", " Answer 1.\n", curator=None),
            example("Pending?", status=ExampleStatus.PENDING),
            example("Rejected?", status=ExampleStatus.REJECTED),
            example("Bad?", label=ExampleLabel.BAD),
        ]
        connection = await session.connection()
        old = await connection.run_sync(lambda opened: inspect(opened).get_columns("example"))
        columns = [one["name"] for one in old if one["name"] != "id"]
        there = table("example", *(column(name, table_of(Example).c[name].type) for name in columns))
        await session.execute(
            there.insert(),  # the model's own would give later columns their defaults
            [{name: getattr(row, name, None) for name in columns} | _counts(row) for row in rows],
        )
    await migrate(database)
    found = await entries(database)
    async with database.read() as session:
        examples = (await session.scalars(select(Example).order_by(Example.id))).all()
        wordings = (await session.scalars(select(Wording).order_by(Wording.id))).all()
    assert len(examples) == 2_104
    assert len(found) == 700
    assert {len(entry.wordings) for entry in found} == {3, 4}
    approved = {row.id: row for row in examples[:2_101]}
    assert {wording.example_id for wording in wordings} == approved.keys()
    answers = {entry.id: entry.answer for entry in found}
    for wording in wordings:
        row = approved[wording.example_id or 0]
        assert wording.text == row.prompt
        assert answers[wording.entry_id].split() == row.completion.split()
    assert {(one.approved_by, one.approved_at, one.state) for one in found} == {("ada", now, EntryState.LIVE)}
    await _is_known_alike(database, examples[0])
    await database.aclose()


async def test_migrating_an_empty_database_begins_at_the_first_revision(old_url: str) -> None:
    """Without rows there are no entries, and publishing works from then on."""
    database = Database(old_url)
    await migrate(database)
    assert await changes(database, 0) == store.Changes(revision=1, entries=(), foreign=())
    ids = await add_examples(database, example("How long?", ANSWER))
    assert await publish(database, ids) == 1
    assert (await changes(database, 0)).revision == 2
    await database.aclose()


async def test_the_way_back_keeps_the_rows(old_url: str) -> None:
    """Going back drops entries and keeps every row; forward again, all is known as before."""
    database = Database(old_url)
    await migrate(database)
    ids = await add_examples(database, example("How long?", ANSWER), example("Is it fast?", ANSWER))
    await publish(database, ids)
    before = worded(await entries(database))
    await database.aclose()
    await asyncio.to_thread(command.downgrade, alembic_config(old_url), "0003")
    database = Database(old_url)
    await migrate(database)
    assert worded(await entries(database)) == before
    await database.aclose()


def _counts(row: Example) -> dict[str, int]:
    return {"votes": row.votes or 0}


async def _is_known_alike(database: Database, row: Example) -> None:
    """Publishing a row that the migration made known changes nothing: both name answers by the same digest."""
    before = await entries(database)
    await publish(database, [row.id])
    assert worded(await entries(database)) == worded(before)

"""What a curator does to the knowledge: each deed, its row for training, its audit, and what daemons see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supportbot.answering.explain import Explanation, explain
from supportbot.db import audit
from supportbot.db.models import Entry, Example, Workspace
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState, ExampleSource, ExampleStatus
from supportbot.errors import ConfigError, SupportBotError
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.entries import Entries
from supportbot.feedback.foreign import ForeignQuestions
from supportbot.knowledge import small_talk, store
from supportbot.knowledge.entries import Encoded
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.listing import count, view
from supportbot.knowledge.manage import KnowledgeError
from supportbot.knowledge.searching import Place, Wanted, how_many, page
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored
from tests.supportbot.knowledge.shop import DELIVERY, FAQ, entries


@pytest.fixture
def known(database: Database) -> Entries:
    """What is known, to be changed; one contact is public."""
    return Entries(database, keep=("hotline@shop.example",))


@pytest.fixture
async def knowledge(database: Database) -> AsyncIterator[Knowledge]:
    """What a daemon makes of it, by letters alone."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    yield knowledge
    await knowledge.aclose()


async def told(knowledge: Knowledge, question: str, workspace_id: int | None = None) -> str:
    """Return what a daemon that has just looked answers; nothing if it is not sure."""
    await knowledge.load()
    found: Explanation = await explain(knowledge, question, workspace_id)
    return "\n".join(entry.answer for entry in found.given)


async def last_deed(database: Database) -> tuple[str, str, str, dict[str, Any]]:
    """Return the last deed."""
    [deed] = await audit.recent(database, 1)
    return deed.actor, deed.action, deed.subject, dict(deed.details)


async def revision(database: Database) -> int:
    """Return how far the knowledge has come."""
    async with database.read() as session:
        return await store.current_revision(session)


async def test_what_is_added_is_said_word_for_word_and_learned_redacted(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """The answer keeps its contact, the rows for training don't; a public one stays in both."""
    answer = "Write to ada@mail.example or hotline@shop.example."
    changed = await known.add(["How do I reach you?", "how do I reach you", "Your address?"], answer, "ada")
    assert (changed.is_new, changed.added, changed.already) == (True, 2, 0)
    rows = await stored(database)
    assert [row.completion for row in rows] == ["Write to [email] or hotline@shop.example."] * 2
    assert {(row.status, row.source, row.curator, row.workspace_id) for row in rows} == {
        (ExampleStatus.APPROVED, ExampleSource.IMPORT, "ada", None)
    }
    assert all(row.origin.startswith("knowledge:") for row in rows)
    entry = (await entries(database))[changed.entry_id]
    assert (entry.answer, entry.approved_by, entry.state) == (answer, "ada", EntryState.LIVE)
    assert await last_deed(database) == (
        "ada",
        "entry.add",
        f"entry:{changed.entry_id}",
        {"new": True, "added": 2, "taken_from": []},
    )
    assert await told(knowledge, "How do I reach you?") == answer


async def test_adding_again_adds_only_what_is_new(database: Database, known: Entries) -> None:
    """The same answer is the same entry, the same question the same wording, give or take signs and case."""
    first = await known.add(["How long?"], DELIVERY, "ada")
    again = await known.add(["how long", "When does it come?"], f" {DELIVERY}\n", "eve")
    assert (again.entry_id, again.is_new, again.added, again.already) == (first.entry_id, False, 1, 1)
    assert len(await stored(database)) == 2


async def test_a_question_belongs_to_one_answer(database: Database, known: Entries, knowledge: Knowledge) -> None:
    """A second answer to it is refused and names both; moving takes it away, and what nothing leads to retires."""
    first = await known.add(["How long?"], DELIVERY, "ada")
    before = await revision(database)
    with pytest.raises(KnowledgeError) as caught:
        await known.add(["Is it fast?", "how long"], "Two days.", "eve")
    for part in ("'How long?'", f"entry {first.entry_id}", DELIVERY, "'Two days.'", "--move"):
        assert part in str(caught.value)
    assert await revision(database) == before
    second = await known.add(["how long"], "Two days.", "eve", move=True)
    assert second.taken_from == (first.entry_id,)
    assert (await entries(database))[first.entry_id].state is EntryState.RETIRED
    assert [(row.completion, row.status, row.curator) for row in await stored(database)] == [
        (DELIVERY, ExampleStatus.REJECTED, "eve"),
        ("Two days.", ExampleStatus.APPROVED, "eve"),
    ]
    assert await told(knowledge, "How long?") == "Two days."
    deeds = {deed.subject for deed in await audit.recent(database, 2)}
    assert deeds == {f"entry:{first.entry_id}", f"entry:{second.entry_id}"}
    with pytest.raises(KnowledgeError, match="no wording left"):
        await known.restore(first.entry_id, "ada")


async def test_a_new_answer_is_said_and_learned_from_now_on(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """Entry, rows and proposals that wait say the new one; who approved it is whoever edited, now."""
    entry_id = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    await add_examples(
        database,
        example("Is it fast?", DELIVERY, origin=f"suggestion:7:{entry_id}", status=ExampleStatus.PENDING),
        example("Is it slow?", DELIVERY, origin=f"suggestion:7:{entry_id}0", status=ExampleStatus.PENDING),
    )
    assert await told(knowledge, "How long?") == DELIVERY
    old = (await entries(database))[entry_id]
    async with database.write() as session:
        await store.store_vectors(session, Entry, "digest", {entry_id: Encoded(b"\0\0", b"\1")})
    await known.edit(entry_id, "eve", answer="Four days. Ask ada@mail.example.")
    entry = (await entries(database))[entry_id]
    assert (entry.answer, entry.approved_by, entry.encoder, entry.vector, entry.token_vectors) == (
        "Four days. Ask ada@mail.example.",
        "eve",
        None,
        None,
        None,
    )
    assert entry.approved_at > old.approved_at
    redacted = "Four days. Ask [email]."
    assert [row.completion for row in await stored(database)] == [redacted, redacted, DELIVERY]
    assert await told(knowledge, "How long?") == entry.answer
    assert await last_deed(database) == ("eve", "entry.edit", f"entry:{entry_id}", {"answer": "replaced"})
    # Under its new answer it is found again, and under the old one no more.
    assert (await known.add(["How quick?"], entry.answer, "ada")).entry_id == entry_id
    assert (await known.add(["How slow?"], DELIVERY, "ada")).is_new


async def test_wordings_come_and_go(database: Database, known: Entries, knowledge: Knowledge) -> None:
    """One more leads to the answer; one that is taken out does no more, and is not learned."""
    entry_id = (await known.add(["How long does delivery take?"], DELIVERY, "ada")).entry_id
    await known.edit(entry_id, "ada", add=["Is it fast?", "is it fast"])
    entry = (await entries(database))[entry_id]
    assert [one.text for one in entry.wordings] == ["How long does delivery take?", "Is it fast?"]
    assert await told(knowledge, "Is it fast?") == DELIVERY
    changed = await known.edit(entry_id, "eve", remove=[entry.wordings[1].id])
    assert changed.removed == 1
    assert await told(knowledge, "Is it fast?") == ""
    assert [(row.status, row.curator) for row in await stored(database)] == [
        (ExampleStatus.APPROVED, "ada"),
        (ExampleStatus.REJECTED, "eve"),
    ]
    for remove, match in (([4711], "no wording 4711"), ([entry.wordings[0].id], "no wording left")):
        with pytest.raises(KnowledgeError, match=match):
            await known.edit(entry_id, "ada", remove=remove)
    # What was taken out can come back, with the row that it had.
    await known.edit(entry_id, "ada", add=["Is it fast?"], remove=[entry.wordings[0].id])
    assert [(row.status, row.curator) for row in await stored(database)] == [
        (ExampleStatus.REJECTED, "ada"),
        (ExampleStatus.APPROVED, "ada"),
    ]


async def test_retiring_can_be_undone_to_the_letter(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """Retired, an entry is neither said nor learned; restored, all is as before, whoever had decided on a row."""
    entry_id = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    [other] = await add_examples(database, example("Is it fast?", DELIVERY, status=ExampleStatus.PENDING))
    await ExampleStore(database).decide([other], Decision.APPROVE, "eve")
    before = [_facts(row) for row in await stored(database)]
    entry = (await entries(database))[entry_id]
    assert len(entry.wordings) == 2
    await known.retire([entry_id], "bob", reason="old")
    assert await told(knowledge, "How long?") == ""
    assert [(row.status, row.curator) for row in await stored(database)] == [(ExampleStatus.REJECTED, "bob")] * 2
    actor, action, subject, details = await last_deed(database)
    assert (actor, action, subject, details["reason"]) == ("bob", "entry.retire", f"entry:{entry_id}", "old")
    with pytest.raises(KnowledgeError, match="is already retired"):
        await known.retire([entry_id], "bob")
    with pytest.raises(KnowledgeError, match=f"restore {entry_id}"):
        await known.edit(entry_id, "bob", answer="New.")
    await known.restore(entry_id, "bob")
    assert await told(knowledge, "Is it fast?") == DELIVERY
    assert [_facts(row) for row in await stored(database)] == before
    assert (await entries(database))[entry_id] == entry
    assert await last_deed(database) == ("bob", "entry.restore", f"entry:{entry_id}", {})
    with pytest.raises(KnowledgeError, match="is live"):
        await known.restore(entry_id, "bob")


async def test_what_a_curator_rejected_stays_rejected(database: Database, known: Entries) -> None:
    """Between retiring and restoring a row can be rejected for good; the rest comes back."""
    entry_id = (await known.add(["How long?", "Is it fast?"], DELIVERY, "ada")).entry_id
    await known.retire([entry_id], "ada")
    rows = await stored(database)
    await ExampleStore(database).decide([rows[0].id], Decision.REJECT, "eve")
    await known.restore(entry_id, "ada")
    assert [row.status for row in await stored(database)] == [ExampleStatus.REJECTED, ExampleStatus.APPROVED]
    assert [one.text for one in (await entries(database))[entry_id].wordings] == ["Is it fast?"]


async def test_restoring_respects_what_took_its_place(database: Database, known: Entries) -> None:
    """Neither a question nor an answer is there twice; a question can be moved back."""
    first = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    await known.retire([first], "ada")
    second = (await known.add(["How long?"], "Two days.", "ada")).entry_id
    with pytest.raises(KnowledgeError, match=f"already a wording of entry {second}"):
        await known.restore(first, "ada")
    await known.restore(first, "ada", move=True)
    states = {number: entry.state for number, entry in (await entries(database)).items()}
    assert states == {first: EntryState.LIVE, second: EntryState.RETIRED}
    await known.retire([first], "ada")
    third = (await known.add(["Is it fast?"], DELIVERY, "ada")).entry_id
    assert third not in (first, second)
    with pytest.raises(KnowledgeError, match=f"Entry {third} already gives this answer"):
        await known.restore(first, "ada")
    fourth = (await known.add(["Is it slow?"], "No.", "ada")).entry_id
    with pytest.raises(KnowledgeError, match=f"Entry {third} already gives this answer"):
        await known.edit(fourth, "ada", answer=DELIVERY)


async def test_retiring_is_all_or_none(database: Database, known: Entries) -> None:
    """One unknown number leaves the others, the audit and the revision as they were."""
    entry_id = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    before, deed = await revision(database), await last_deed(database)
    with pytest.raises(KnowledgeError, match="no entry 4711"):
        await known.retire([entry_id, 4711], "ada")
    assert (await revision(database), await last_deed(database)) == (before, deed)
    assert (await entries(database))[entry_id].state is EntryState.LIVE


async def test_an_entry_is_given_until_its_time_is_over(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """Validity can be set and taken away; the past is refused."""
    later = datetime.now(UTC) + timedelta(days=1)
    entry_id = (await known.add(["How long?"], DELIVERY, "ada", valid_until=later)).entry_id
    assert (await entries(database))[entry_id].valid_until == later
    await known.edit(entry_id, "ada", valid_until=None)
    assert (await entries(database))[entry_id].valid_until is None
    with pytest.raises(KnowledgeError, match="is in the past"):
        await known.edit(entry_id, "ada", valid_until=datetime.now(UTC) - timedelta(days=1))
    async with database.write() as session:
        row = await session.get(Entry, entry_id)
        assert row is not None
        row.valid_until = datetime.now(UTC) - timedelta(seconds=1)
        row.revision = await store.raise_revision(session)
    assert await told(knowledge, "How long?") == ""
    async with database.read() as session:
        assert (await count(session)).expired == (entry_id,)
        assert (await view(session, entry_id)).summary.is_expired


async def test_an_entry_can_be_narrowed_to_a_workspace(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """There it may answer what another entry answers elsewhere; its rows follow it in and out."""
    number = await add_workspace(database, "slack", consents=False)
    workspace = await _name_of(database, number)
    everywhere = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    narrow = (await known.add(["How long?", "Is it fast?"], "Two days.", "ada", workspace=workspace)).entry_id
    assert narrow != everywhere
    assert {row.workspace_id for row in await stored(database)} == {None, number}
    assert await told(knowledge, "Is it fast?", workspace_id=number) == "Two days."
    assert await told(knowledge, "Is it fast?", workspace_id=number + 1) == ""
    assert await told(knowledge, "How long?", workspace_id=number + 1) == DELIVERY
    with pytest.raises(KnowledgeError, match=f"already a wording of entry {everywhere}"):
        await known.edit(narrow, "ada", workspace=None)
    await known.edit(narrow, "ada", workspace=None, move=True)
    assert (await entries(database))[everywhere].state is EntryState.RETIRED
    assert {row.workspace_id for row in await stored(database)} == {None}
    await known.edit(narrow, "ada", workspace=workspace)
    assert {row.workspace_id for row in await stored(database) if row.status == "approved"} == {number}
    with pytest.raises(KnowledgeError, match="no workspace 'slack:T0'"):
        await known.edit(narrow, "ada", workspace="slack:T0")


async def test_the_same_answer_in_two_workspaces_is_two_entries(database: Database, known: Entries) -> None:
    """Neither takes the other's row."""
    names = [await _name_of(database, await add_workspace(database, "slack", consents=False)) for _ in range(2)]
    ids = {(await known.add(["How long?"], DELIVERY, "ada", workspace=name)).entry_id for name in names}
    assert len(ids) == 2
    assert {len(entry.wordings) for entry in (await entries(database)).values()} == {1}
    assert len(await stored(database)) == 2


async def test_small_talk_is_edited_without_being_learned(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """Its answers and wordings change like others, and have no rows for training."""
    async with database.write() as session:
        await small_talk.install(session)
    await knowledge.load()
    greeting = knowledge.small_talk.find("hello")
    assert greeting is not None
    await known.edit(greeting.id, "ada", answer="Ahoy!", add=["ahoy there"])
    assert await told(knowledge, "ahoy there") == "Ahoy!"
    await known.retire([greeting.id], "ada")
    assert await told(knowledge, "hello") == ""
    await known.restore(greeting.id, "ada")
    assert await told(knowledge, "hello") == "Ahoy!"
    assert await stored(database) == []
    # An answer of one's own to the same words is no second claim.
    await known.add(["hello"], "Welcome to the shop.", "ada")
    assert await told(knowledge, "hello") == "Welcome to the shop."


async def test_what_is_no_deed_is_refused(database: Database, known: Entries) -> None:
    """Nothing to edit, empty texts, nobody's name, unknown numbers: a sentence each, and nothing changes."""
    entry_id = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    before = await revision(database)
    for deed, kind, match in (
        (known.edit(entry_id, "ada"), KnowledgeError, "nothing to edit"),
        (known.edit(entry_id, "ada", answer=" "), KnowledgeError, "cannot be empty"),
        (known.edit(entry_id, "ada", add=["\x1b"]), KnowledgeError, "must not be empty"),
        (known.edit(4711, "ada", answer="x"), KnowledgeError, "knowledge list"),
        (known.add([], "x", "ada"), KnowledgeError, "--question"),
        (known.add(["x"], "", "ada"), KnowledgeError, "cannot be empty"),
        (known.add(["x"], "y", " "), ConfigError, "--by NAME"),
        (known.retire([entry_id], ""), ConfigError, "--by NAME"),
        (known.restore(4711, "ada"), KnowledgeError, "no entry 4711"),
    ):
        with pytest.raises(kind, match=match):
            await deed
    assert await revision(database) == before
    assert issubclass(KnowledgeError, SupportBotError)


async def test_any_text_can_be_kept(database: Database, known: Entries) -> None:
    """What no database holds is replaced; a sentence never carries what a terminal would obey."""
    entry_id = (await known.add(["Where\x00 is\ud800 it?"], "Here\x00.", "ada")).entry_id
    assert (await entries(database))[entry_id].answer == "Here\N{REPLACEMENT CHARACTER}."
    await known.add(["Red?"], "\x1b[31mRed.", "ada")
    with pytest.raises(KnowledgeError) as caught:
        await known.add(["red"], "\x1b[32mGreen.", "ada")
    assert "\x1b" not in str(caught.value)


async def test_foreign_questions_are_marked_and_forgotten(
    database: Database, known: Entries, knowledge: Knowledge
) -> None:
    """They are redacted, audited, and known to daemons; a wording of one's own is none."""
    foreign = ForeignQuestions(database)
    await known.add(["How long?"], DELIVERY, "ada")
    marked = await foreign.add("Is ada@mail.example yours?", "ada")
    assert marked.text == "Is [email] yours?"
    assert (await foreign.add("Is eve@mail.example yours?", "eve")).foreign_id == marked.foreign_id
    assert [deed.action for deed in await audit.recent(database, 5)] == ["foreign.add", "entry.add"]
    async with database.read() as session:
        assert (await store.changes_since(session, 0)).foreign == ("Is [email] yours?",)
    assert await foreign.all() == [marked]
    with pytest.raises(KnowledgeError, match="--remove-wording"):
        await foreign.add("how long", "ada")
    with pytest.raises(KnowledgeError, match="cannot be empty"):
        await foreign.add(" ", "ada")
    with pytest.raises(KnowledgeError, match="no foreign question 4711"):
        await foreign.remove([marked.foreign_id, 4711], "ada")
    assert await foreign.remove([marked.foreign_id], "eve") == [marked]
    assert await foreign.all() == []
    actor, action, subject, _ = await last_deed(database)
    assert (actor, action, subject) == ("eve", "foreign.remove", f"foreign:{marked.foreign_id}")


async def test_a_list_is_filtered_and_counted(database: Database, known: Entries) -> None:
    """By state, source and text of answers and wordings, literally; the newest approval comes first."""
    for answer, questions in FAQ.items():
        await known.add(questions, answer, "ada")
    gone = (await known.add(["100 % sure?"], "Yes.", "ada")).entry_id
    await known.retire([gone], "ada")
    async with database.write() as session:
        await small_talk.install(session)
    async with database.read() as session:
        own = Wanted(source=EntrySource.IMPORT)
        found = await page(session, own, limit=2)
        assert [entry.answer for entry in found] == ["Yes.", list(FAQ)[-1]]
        assert await how_many(session, own) == 5
        after = Place.read(str(Place.of(found[-1])))
        assert [entry.answer for entry in await page(session, own, limit=9, after=after)] == list(FAQ)[-2::-1]
        assert (Place.read("x"), Place.read("1_"), Place.read(f"{10**40}_1")) == (None, None, None)
        found = await page(session, Wanted(search="paypal"), limit=9)
        assert [(entry.answer, entry.question, entry.wordings) for entry in found] == [
            ("We take cards and PayPal.", "How can I pay?", 3)
        ]
        found = await page(session, Wanted(search="RETURN POLICY", state=EntryState.LIVE), limit=9)
        assert [entry.answer for entry in found] == ["Use the form in your parcel."]
        found = await page(session, Wanted(search="100 %", is_expired=False), limit=9)
        assert [(entry.entry_id, entry.state) for entry in found] == [(gone, EntryState.RETIRED)]
        assert [
            entry.entry_id
            for entry in await page(session, Wanted(is_single=True, source=EntrySource.IMPORT), limit=9)
        ] == [gone]
        for nothing in (Wanted(search="%%"), Wanted(workspace="slack:T9"), Wanted(is_expired=True)):
            assert (await page(session, nothing, limit=9), await how_many(session, nothing)) == ([], 0)
        counted = await count(session)
    assert (counted.entries, counted.wordings, counted.single, counted.retired) == (4, 12, 0, 1)
    assert counted.talk == len(small_talk.shipped())


async def test_one_entry_is_shown_with_everything(database: Database, known: Entries) -> None:
    """Each wording with its row, and the workspace that it came from."""
    number = await add_workspace(database, "slack", consents=True)
    entry_id = (await known.add(["How long?"], DELIVERY, "ada")).entry_id
    [row] = await add_examples(
        database, example("Is it fast?", DELIVERY, workspace_id=number, status=ExampleStatus.PENDING)
    )
    await ExampleStore(database).decide([row], Decision.APPROVE, "eve")
    async with database.read() as session:
        shown = await view(session, entry_id)
    assert [(one.text, one.example_status, one.workspace) for one in shown.wordings] == [
        ("How long?", ExampleStatus.APPROVED, None),
        ("Is it fast?", ExampleStatus.APPROVED, await _name_of(database, number)),
    ]
    assert shown.wordings[1].example_id == row
    assert not shown.wordings[0].is_encoded


def _facts(row: Example) -> tuple[Any, ...]:
    return row.id, row.status, row.curator, row.decided_at, row.prompt, row.completion


async def _name_of(database: Database, number: int) -> str:
    async with database.read() as session:
        row = await session.get(Workspace, number)
        assert row is not None
        return f"{row.platform}:{row.external_id}"

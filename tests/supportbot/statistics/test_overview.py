"""Questions worth asking, and those that complete what is typed: the likeliest first, none of others."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from supportbot.db.models import Entry, Wording, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.feedback import consent
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.knowledge.completion import complete
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.overview import Overview
from tests.supportbot.feedback.curation.rows import add_answer, add_workspace
from tests.supportbot.knowledge.faq import entry, gym
from tests.supportbot.knowledge.publishing import approve
from tests.supportbot.statistics.test_statistics import ask

OPEN = Viewer(workspace_id=0, consenting=(), now=datetime(2026, 11, 28, tzinfo=UTC))
REFUNDS = {"Refunds take five days.": ["how long does a refund take"]}
SHIPPING = {"We ship to Europe.": ["do you ship abroad"]}
PARKING = {"Behind the hall.": ["where can I park my car"]}

BADGES = {"At gate 3.": ["where do I get my badge"]}


def index_of(*entries: KnownEntry) -> Index:
    """Return an index of these entries, without an encoder."""
    wordings = sum(len(one.wordings) for one in entries)
    none = np.zeros((wordings, 0), np.float32)
    return Index(entries, None, none, none[: len(entries)], wrong_rate=0.02)


def found_by(typed: str, *, index: Index | None = None, most: int = 25) -> list[str]:
    """Return what is offered to somebody who has typed so much."""
    return complete(index or SPORT, typed, OPEN, most, 100)


SPORT = index_of(*gym())
KNOWN = {wording.text: number for number, one in enumerate(gym()) for wording in one.wordings}


def test_what_begins_so_comes_before_words_and_slips() -> None:
    """A question that begins as typed, one with a word that does, one that was mistyped; each answer once."""
    assert found_by("How do", most=1) == ["how do I cancel my membership"]
    found = found_by("  CAN ")
    assert found[:2] == ["can I rent climbing shoes", "can my kids climb alone"]
    assert "how late can I come on a weekday" in found
    assert found_by("membreship")[0] == "how do I cancel my membership"
    assert found_by("xqzv") == []
    assert found_by("cn") == []  # too short to be a slip
    assert len(found_by("")) == 5
    assert len(found_by("c", most=2)) == 2


def test_questions_that_are_too_long_are_left_out() -> None:
    """Where one wording does not fit, a shorter one of the same answer is offered."""
    long = entry(1, "Yes.", [f"can I {'really ' * 20}come", "can I come"])
    assert found_by("can", index=index_of(long)) == ["can I come"]


@given(typed=st.text(max_size=150))
def test_whatever_is_typed_gets_known_questions(typed: str) -> None:
    """Any text at all is answered with questions of the knowledge, at most one of each answer."""
    found = found_by(typed, most=3)
    assert len({KNOWN[text] for text in found}) == len(found) <= 3


async def overview_of(database: Database) -> Overview:
    """Return the overview on everything that is known now."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    return Overview(database, knowledge)


async def test_no_question_of_another_workspace_is_offered(database: Database) -> None:
    """One's own wordings and nobody's are offered, another workspace's never, whoever consented."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    await add_workspace(database, "slack", consents=True, name="T2")
    async with database.read() as session:
        there = await session.scalar(select(Workspace.id).filter_by(external_id="T2"))
    await approve(database, REFUNDS)
    await approve(database, SHIPPING, workspace_id=there)
    await approve(database, PARKING, workspace_id=here)
    await approve(database, BADGES)  # typed by nobody in particular, and told in one workspace alone
    async with database.write() as session:
        narrowed = update(Entry).where(Entry.answer == next(iter(BADGES))).values(workspace_id=there)
        await session.execute(narrowed)
    await consent.allow(database, "slack", "T2", "Ana Lopez", allow=True)
    overview = await overview_of(database)
    offered = {
        name: set(await overview.complete("slack", name, "", 25, 100)) for name in ("T1", "T2", "never heard of")
    }
    suggested = {name: set(await overview.popular("slack", name, 4)) for name in offered}
    refund, ship, park, badge = (next(iter(faq.values()))[0] for faq in (REFUNDS, SHIPPING, PARKING, BADGES))
    assert offered == suggested
    assert offered == {"T1": {refund, park}, "T2": {refund, ship, badge}, "never heard of": {refund}}
    assert await overview.complete("discord", "T1", "do you ship", 25, 100) == []


async def test_completion_follows_the_knowledge(database: Database) -> None:
    """Nothing is offered before anything is known; then what is approved is, and what is retired no more."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    overview = Overview(database, knowledge)
    await knowledge.load()
    assert await overview.complete("slack", "T1", "how", 25, 100) == []
    await approve(database, REFUNDS)
    await knowledge.load()
    assert await overview.complete("slack", "T1", "how", 25, 100) == ["how long does a refund take"]
    found = await approve(database, {"At the desk.": ["how do I find you"]})
    await knowledge.load()
    assert "how do I find you" in await overview.complete("slack", "T1", "how", 25, 100)
    await ExampleStore(database).decide(found, Decision.REJECT, "Ana Lopez", reason="moved")
    await knowledge.load()
    assert await overview.complete("slack", "T1", "how", 25, 100) == ["how long does a refund take"]


async def test_most_asked_come_first_and_then_the_newest(database: Database) -> None:
    """What people of this workspace asked most is suggested first, and the newest answers fill up."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    for faq in (REFUNDS, SHIPPING, PARKING):
        await approve(database, faq)
    async with database.write() as session:
        rows = await session.execute(select(Wording.text, Wording.entry_id))
        ids = dict(rows.all())
        for place, entry_id in enumerate(ids.values()):
            at = datetime(2026, 11, 1 + place, tzinfo=UTC)
            await session.execute(update(Entry).where(Entry.id == entry_id).values(approved_at=at))
    refund, ship, park = ids
    overview = await overview_of(database)
    assert await overview.popular("slack", "T1", 4) == [park, ship, refund]
    for _ in range(2):
        await ask(database, here, AnswerSource.APPROVED, entry_id=ids[refund])
    await ask(database, here, AnswerSource.APPROVED, entry_id=ids[ship])
    await ask(database, here, AnswerSource.APPROVED, entry_id=ids[park], days_ago=40)
    assert await overview.popular("slack", "T1", 4) == [refund, ship, park]
    assert await overview.popular("slack", "T1", 1) == [refund]


async def test_nobody_sees_the_questions_of_others(database: Database) -> None:
    """A person's questions are theirs in this workspace alone, the newest first."""
    await add_answer(database, "first", asker="U1")
    await add_answer(database, "second", asker="U1")
    await add_answer(database, "elsewhere", asker="U1", workspace="T2")
    await add_answer(database, "another platform", asker="U1", platform="discord")
    await add_answer(database, "of somebody else", asker="U2")
    overview = await overview_of(database)
    assert [one.question for one in await overview.questions_of("slack", "T1", "U1", 5)] == ["second", "first"]
    assert [one.question for one in await overview.questions_of("slack", "T1", "U1", 1)] == ["second"]

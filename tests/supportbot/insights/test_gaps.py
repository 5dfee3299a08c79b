"""Gaps: which there are, and what closes them and opens them again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from supportbot.db.models import Answer, Entry, Example, Wording
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntrySource, EntryState, ExampleSource, ExampleStatus
from supportbot.feedback.entries import Entries
from supportbot.insights.gaps import Found, Gap, Gaps
from supportbot.insights.period import Days, Period
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.manage import KnowledgeError
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from supportbot.statistics.unmet import Shortfall
from tests.digests import ask
from tests.supportbot.feedback.curation.rows import add_workspace

WRAP = "do you gift wrap"
ANSWER = "Yes, for free."


class Place:
    """Gaps and the knowledge that they look at, without an encoder."""

    def __init__(self, database: Database) -> None:
        self.knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
        self.gaps = Gaps(database, self.knowledge, lambda: None)

    async def find(self, period: Period | None = None) -> Found:
        """Look once more, with what is known by now."""
        await self.knowledge.load()
        return await self.gaps.find(period or Period())

    async def only(self) -> Gap:
        """Return the one gap that there is."""
        (gap,) = (await self.find()).gaps
        return gap


async def test_gaps_are_ranked_by_people_and_redacted(database: Database) -> None:
    """What most people asked comes first, with why and when; of very many groups the rest is counted."""
    here = await add_workspace(database, "slack", consents=False)
    there = await add_workspace(database, "slack", consents=False)
    await ask(database, here, "where is my parcel", AnswerSource.GENERATED, votes=(-1,))
    await ask(database, here, "where is my parcel", AnswerSource.GENERATED, votes=(1, -1))
    await ask(database, here, WRAP, days_ago=3)
    await ask(database, there, f"{WRAP}? write to ada@example.org", channel="D1")
    await ask(database, here, "an old one", days_ago=9)
    found = await Place(database).find()
    wrapping, parcel = found.gaps
    assert (wrapping.people, len(wrapping.questions), parcel.people) == (2, 2, 1)
    assert [one.shortfall for one in (*wrapping.questions, *parcel.questions)] == [
        Shortfall.NOT_SURE,
        Shortfall.NOT_SURE,
        Shortfall.VOTED_DOWN,
    ]
    assert wrapping.first < wrapping.last
    assert "[email]" in wrapping.questions[0].text
    everything = await Place(database).find(Period(days=Days.MONTH, workspace_id=here))
    assert sorted(gap.example for gap in everything.gaps) == ["an old one", WRAP, "where is my parcel"]


async def test_answer_closes_a_gap_where_consent_reaches(database: Database) -> None:
    """Questions become wordings of their own workspaces; when the answer is taken back, the gap is there again."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    there = await add_workspace(database, "slack", consents=False, name="T2")
    for home, person in ((here, "U1"), (here, "U2"), (there, "U1")):
        await ask(database, home, WRAP, asker=person)
    place = Place(database)
    gap = await place.only()
    written = await place.gaps.closing.write(gap.ids, gap.ids, ["is gift wrapping possible"], ANSWER, "Ana Lopez")
    assert not place.gaps.closing.is_live(written)
    assert (await place.gaps.find(Period())).gaps == ()  # though this process does not give it yet
    assert (await place.find()).gaps == ()
    assert place.gaps.closing.is_live(written)
    async with database.read() as session:
        entry = (await session.scalars(select(Entry))).one()
        assert (entry.source, entry.approved_by, entry.workspace_id) == (EntrySource.IMPORT, "Ana Lopez", None)
        rows = await session.execute(
            select(Wording.text, Wording.workspace_id, Example.source, Example.person, Example.completion)
            .join(Example, Wording.example_id == Example.id)
            .order_by(Wording.id)
        )
        assert [tuple(row) for row in rows] == [
            ("is gift wrapping possible", None, ExampleSource.IMPORT, None, ANSWER),
            (WRAP, here, ExampleSource.HUMAN, "slack:T1:U1", ANSWER),
            (WRAP, there, ExampleSource.HUMAN, "slack:T2:U1", ANSWER),
        ]
    elsewhere = await add_workspace(database, "slack", consents=False)
    decision = await place.knowledge.decide(WRAP, elsewhere)
    assert decision is not None
    assert not decision.exact  # their words are not for others
    await place.gaps.closing.take_back(written, "Ana Lopez")
    assert (await place.only()).people == 3
    async with database.read() as session:
        statuses = set(await session.scalars(select(Example.status)))
        assert (statuses, await session.scalar(select(Entry.state))) == (
            {ExampleStatus.REJECTED},
            EntryState.RETIRED,
        )


async def test_answer_that_is_there_gets_the_wordings(database: Database) -> None:
    """The same answer gets more wordings, and loses these when they are taken back; another's are refused."""
    here = await add_workspace(database, "slack", consents=True)
    await Entries(database).add(["how much is wrapping paper"], ANSWER, "Bo")
    await ask(database, here, WRAP)
    place = Place(database)
    gap = await place.only()
    written = await place.gaps.closing.write(gap.ids, gap.ids, [], ANSWER, "Ana")
    assert (written.is_new, len(written.wordings)) == (False, 1)
    assert (await place.find()).gaps == ()
    await place.gaps.closing.take_back(written, "Ana")
    assert (await place.only()).example == WRAP
    with pytest.raises(KnowledgeError, match="entry 1"):
        await place.gaps.closing.write(gap.ids, gap.ids, ["how much is wrapping paper"], "No.", "Ana")
    with pytest.raises(KnowledgeError, match="needs at least one question"):
        await place.gaps.closing.write(gap.ids, [], [], "No.", "Ana")


async def test_bad_answer_is_a_gap_until_it_is_edited(database: Database) -> None:
    """A verified answer that was voted down does not close its own gap; as it is approved since, it does."""
    here = await add_workspace(database, "slack", consents=True)
    entry = await Entries(database).add([WRAP], "No.", "Bo")
    asked = await ask(database, here, WRAP, AnswerSource.APPROVED, votes=(-1,), days_ago=0)
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.question_id == asked).values(entry_id=entry.entry_id))
    place = Place(database)
    assert (await place.only()).example == WRAP
    await Entries(database).edit(entry.entry_id, "Bo", answer=ANSWER)
    assert (await place.find()).gaps == ()


async def test_what_is_none_of_ours_is_no_gap(database: Database) -> None:
    """A dismissed gap is marked as foreign, with whatever was asked in its words; it can be brought back."""
    here = await add_workspace(database, "slack", consents=False)
    for text in (WRAP, WRAP, f"{WRAP} it"):
        await ask(database, here, text)
    place = Place(database)
    dismissed = await place.gaps.closing.dismiss([one.text for one in (await place.only()).questions], "Ana")
    assert len(dismissed.foreign_ids) == 2
    assert (await place.find()).gaps == ()
    await place.gaps.closing.bring_back(dismissed, "Ana")
    assert len((await place.only()).questions) == 3


async def test_who_is_erased_takes_their_wording_along(database: Database, tmp_path: Path) -> None:
    """The answer is the curator's and stays; the question of who is erased is no wording any more."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    await ask(database, here, WRAP, asker="U1")
    place = Place(database)
    gap = await place.only()
    await place.gaps.closing.write(gap.ids, gap.ids, ["wrapping as a gift"], ANSWER, "Ana")
    await Privacy(database, tmp_path).erase(Person(platform="slack", user="U1"), "Ana", wait_seconds=0)
    async with database.read() as session:
        assert (await session.scalars(select(Wording.text))).all() == ["wrapping as a gift"]
        assert (await session.scalars(select(Example.prompt))).all() == ["wrapping as a gift"]
        assert (await session.scalars(select(Entry.answer))).all() == [ANSWER]
    assert (await place.find()).gaps == ()

"""What an erasure leaves to others: answers that their questions lead to, and what may be said to anybody."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from supportbot.db import audit
from supportbot.db.audit import ERASED
from supportbot.db.models import Answer, Audit, Entry, Example, ForeignQuestion
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntryState, ExampleSource
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.intake.people import digest_of, person_of
from supportbot.intake.questions import NOT_SURE_TEXT
from supportbot.privacy.erasing import Erased, Privacy
from supportbot.privacy.person import Person
from supportbot.privacy.repeated import LEAST_CHARACTERS, Marks
from tests.supportbot.privacy.planting import ALICE, BOB, NOW, Planter

BLUE = "Press the blue button twice."


async def _erase(database: Database, home: Path) -> Erased:
    return await Privacy(database, home).erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)


async def _corrected_by_alice(put: Planter, *, also_asked: bool) -> int:
    """Have Alice correct an answer to Bob and a curator approve it; return the entry."""
    answer = await put.answer(await put.ask(BOB, "How does it start?"), "No idea.")
    vote = await put.vote(answer, ALICE, -1, BLUE)
    rows = [
        await put.example(
            f"feedback:{vote}",
            "How does it start?",
            BLUE,
            source=ExampleSource.CORRECTION,
            origin_answer_id=answer,
            person=person_of("slack", "T1", ALICE),
        )
    ]
    if also_asked:
        rows.append(await put.example("import:1", "How do I start it?", BLUE, source=ExampleSource.IMPORT))
    await ExampleStore(put.database).decide(rows, Decision.APPROVE, "Ada")
    async with put.database.read() as session:
        return await session.scalar(select(Entry.id)) or 0


async def test_an_answer_outlives_its_question_and_is_found(database: Database, tmp_path: Path) -> None:
    """What a colleague wrote is erased with them also when retention has taken the question and the answer."""
    put = Planter(database)
    row = await put.example(
        "human:9",
        "How does it start?",
        BLUE,
        source=ExampleSource.HUMAN,
        person=person_of("slack", "T1", BOB),
        author=digest_of(person_of("slack", "T1", ALICE)),
    )
    await ExampleStore(database).decide([row], Decision.APPROVE, "Ada")
    erased = await _erase(database, tmp_path)
    assert (erased.counts["training rows"], erased.kept) == (1, [])
    async with database.read() as session:
        assert list(await session.scalars(select(Entry.answer))) == [""]


async def test_an_answer_of_theirs_stays_where_others_lead_to_it(database: Database, tmp_path: Path) -> None:
    """The team goes on saying it, and the operator is told which one it is."""
    entry = await _corrected_by_alice(Planter(database), also_asked=True)
    erased = await _erase(database, tmp_path)
    assert erased.kept == [entry]
    async with database.read() as session:
        row = await session.get_one(Entry, entry)
        assert (row.state, row.answer) == (EntryState.LIVE, BLUE)
        assert list(await session.scalars(select(Example.prompt))) == ["How do I start it?"]


async def test_an_answer_of_theirs_goes_where_nobody_leads_to_it(database: Database, tmp_path: Path) -> None:
    """Also where their wording was taken out before, and nothing but the text was left."""
    put = Planter(database)
    entry = await _corrected_by_alice(put, also_asked=False)
    async with database.read() as session:
        ids = list(await session.scalars(select(Example.id)))
    await ExampleStore(database).decide(ids, Decision.REJECT, "Ada")
    erased = await _erase(database, tmp_path)
    assert erased.kept == []
    async with database.read() as session:
        assert (await session.get_one(Entry, entry)).answer == ""


async def test_what_may_be_said_to_anybody_tells_of_nobody(database: Database, tmp_path: Path) -> None:
    """Neither the sentence of the bot that is not sure, nor what Bob was told, is taken from audits or reports."""
    put = Planter(database)
    await put.answer(await put.ask(ALICE, "What is it that I asked?"), NOT_SURE_TEXT, source=AnswerSource.NOT_SURE)
    bobs = await put.answer(await put.ask(BOB, "And what did Bob ask?"), "The very same answer.")
    await put.answer(await put.ask(ALICE, "And what did Bob ask of you?"), "The very same answer.")
    waiting = await put.example(f"answer:{bobs}", "And what did Bob ask?", "The very same answer.")
    report = tmp_path / "reports" / "v1" / "evaluation.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"answers": [{"question": "And mine, please?", "text": NOT_SURE_TEXT}]}))
    before = report.read_text()
    async with database.write() as session:
        audit.record(session, actor="Ada", action="x", subject="y", details={"reason": NOT_SURE_TEXT})
    erased = await _erase(database, tmp_path)
    assert report.read_text() == before
    assert erased.files.holding == []
    async with database.read() as session:
        assert await session.scalar(select(Audit.details).where(Audit.action == "x")) == {"reason": NOT_SURE_TEXT}
        assert list(await session.scalars(select(Answer.id))) == [bobs]
        assert list(await session.scalars(select(Example.id))) == [waiting]


async def test_a_foreign_question_that_others_asked_too_stays(database: Database, tmp_path: Path) -> None:
    """Nobody takes it out of the knowledge by asking it and being forgotten."""
    put = Planter(database)
    for asker, text in ((ALICE, "Who wins the cup?"), (BOB, "Who wins the cup?"), (ALICE, "What is the time?")):
        await put.ask(asker, text)
    for text in ("Who wins the cup?", "What is the time?"):
        await put.add(ForeignQuestion(text=text, marked_by="Ada", marked_at=NOW))
    await _erase(database, tmp_path)
    async with database.read() as session:
        assert list(await session.scalars(select(ForeignQuestion.text))) == ["Who wins the cup?"]


@given(
    texts=st.sets(st.text(min_size=1, max_size=30)),
    names=st.sets(st.from_regex(r"[A-Z][A-Z0-9]{5,9}", fullmatch=True), max_size=3),
    around=st.text(max_size=20),
)
def test_nothing_that_is_marked_is_left(texts: set[str], names: set[str], around: str) -> None:
    """Whatever a text holds of the person is gone from it, wherever it stands in a document."""
    marks = Marks(names, texts)
    long = [text for text in texts if len(text) >= LEAST_CHARACTERS]
    document = {"one": [f"{around}{text}{around}" for text in long], "two": {"three": sorted(texts | names)}}
    hidden = marks.hidden(document)
    assert all(value == ERASED for value in hidden["two"]["three"] if value in texts | names or value == ERASED)
    assert not any(text in value for text in long if text not in ERASED for value in _texts(hidden, ERASED))
    assert marks.hidden(7) == 7
    assert not Marks(set(), set()).are_in(around)


def _texts(hidden: dict[str, object], between: str) -> list[str]:
    """Return what is left of the first entry, without what stands for the rest."""
    one = hidden["one"]
    assert isinstance(one, list)
    return [part for value in one for part in str(value).split(between)]

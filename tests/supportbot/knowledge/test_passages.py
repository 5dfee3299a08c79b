"""Passages of a running bot: what may be quoted follows what is learned and decided, and is encoded once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from supportbot.db.models import Example, Passage
from supportbot.db.session import Database
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.foreign import ForeignQuestions
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.passages import Passages
from tests.supportbot.knowledge.handbook import ASKED, FOREIGN, SECTIONS, learn, written
from tests.waiting import following, until


async def quoted(passages: Passages, question: str) -> str | None:
    """Return the heading of what would be quoted."""
    found = await passages.find(normalise_question(question))
    return found.passage.heading if found and found.sure else None


async def example_of(database: Database, text: str) -> int:
    """Return the number of the proposal with a text."""
    async with database.read() as session:
        return (await session.scalars(select(Example.id).where(Example.completion == text))).one()


async def test_right_passage_is_quoted_word_for_word_and_foreign_questions_are_not(
    database: Database, minilm: Encoder, tmp_path: Path
) -> None:
    """Questions in other words find their passage with its source, and what is foreign finds none."""
    await learn(database, written(tmp_path))
    passages = Passages(database, lambda: minilm)
    await passages.load()
    assert passages.number == len(SECTIONS)
    for question, heading in ASKED.items():
        found = await passages.find(normalise_question(question))
        assert found is not None
        assert (found.sure, found.passage.document, found.passage.heading) == (True, "handbook.md", heading)
        assert (found.excerpt.text, found.excerpt.is_whole) == (SECTIONS[heading], True)
    for question in FOREIGN:
        assert await quoted(passages, question) is None


async def test_daemon_follows_what_is_learned_and_decided(
    database: Database, minilm: Encoder, tmp_path: Path
) -> None:
    """What is rejected, approved, edited or gone from the document is quoted no more, while the daemon runs."""
    async with following(Passages(database, lambda: minilm)) as passages:
        await learn(database, written(tmp_path))
        await until(lambda: passages.shelf is not None)
        store = ExampleStore(database)
        car, voucher, dog = ASKED
        assert [await quoted(passages, question) for question in ASKED] == list(ASKED.values())
        number = await example_of(database, SECTIONS["Parking"])
        await store.decide([number], Decision.REJECT, "Ana Lopez")
        await until(lambda: passages.number == len(SECTIONS) - 1)
        assert await quoted(passages, car) is None
        number = await example_of(database, SECTIONS["Vouchers"])
        await store.decide([number], Decision.EDIT, "Ana Lopez", answer="Vouchers are valid for ever.")
        await until(lambda: passages.number == len(SECTIONS) - 2)
        assert await quoted(passages, voucher) is None
        await learn(database, written(tmp_path, {key: text for key, text in SECTIONS.items() if key != "Dogs"}))
        await until(lambda: passages.number == len(SECTIONS) - 3)
        assert await quoted(passages, dog) is None
        number = await example_of(database, SECTIONS["Chalk"])
        await store.decide([number], Decision.APPROVE, "Ana Lopez")
        await until(lambda: passages.number == len(SECTIONS) - 4)
        await until(lambda: passages.shelf is None)  # too few are left to calibrate on


async def test_too_few_passages_are_not_quoted(database: Database, minilm: Encoder, tmp_path: Path) -> None:
    """A page of some sections is too little to tell how near is near enough."""
    await learn(database, written(tmp_path, dict(list(SECTIONS.items())[:11])))
    passages = Passages(database, lambda: minilm)
    await passages.load()
    assert (passages.number, passages.shelf) == (11, None)
    assert await passages.find("parking") is None


async def test_marked_question_is_not_answered(database: Database, minilm: Encoder, tmp_path: Path) -> None:
    """A question that a curator marked as foreign raises the threshold above itself."""
    await learn(database, written(tmp_path))
    passages = Passages(database, lambda: minilm)
    await passages.load()
    car = next(iter(ASKED))
    assert await quoted(passages, car) == "Parking"
    await ForeignQuestions(database).add(car, "Ana Lopez")
    await passages.load()
    assert await quoted(passages, car) is None
    assert passages.shelf is not None
    assert passages.shelf.calibration.foreign <= 0.02


async def test_vectors_are_computed_once(database: Database, minilm: Encoder, tmp_path: Path) -> None:
    """A second start finds the vectors in the database; another question of a passage is encoded anew."""
    encoded: list[str] = []

    class Counting:
        dimensions = minilm.dimensions
        token_width = minilm.token_width
        digest = minilm.digest

        def is_word(self, word):  # type: ignore[no-untyped-def]
            return minilm.is_word(word)

        def encode_with_tokens(self, texts):  # type: ignore[no-untyped-def]
            return self.encode(texts), minilm.encode_with_tokens(texts)[1]  # type: ignore[no-untyped-call]

        def encode(self, texts):  # type: ignore[no-untyped-def]
            encoded.extend(texts)
            return minilm.encode(texts)

    await learn(database, written(tmp_path))
    own = {" ".join(text.split()) for text in SECTIONS.values()}
    for expected in (len(SECTIONS), 0):
        encoded.clear()
        await Passages(database, partial(Counting)).load()
        assert len(own.intersection(encoded)) == expected
    number = await example_of(database, SECTIONS["Chalk"])
    await ExampleStore(database).decide([number], Decision.EDIT, "Ana Lopez", question="May I use magnesia?")
    encoded.clear()
    await Passages(database, partial(Counting)).load()
    assert own.intersection(encoded) == {SECTIONS["Chalk"]}


async def test_what_was_redacted_is_not_quoted(database: Database, tmp_path: Path) -> None:
    """A passage of which something was taken out is no longer what the document says."""
    sections = {**SECTIONS, "Complaints": "Write to the manager, ana.lopez@mail.example, within a week."}
    learned = await learn(database, written(tmp_path, sections))
    assert learned.new == len(sections)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Passage)) == len(SECTIONS)


async def test_proposals_of_before_may_be_quoted_when_they_are_learned_again(
    database: Database, tmp_path: Path
) -> None:
    """Proposals that have no row of a passage yet get one, and nothing is proposed twice."""
    path = written(tmp_path)
    await learn(database, path)
    async with database.write() as session:
        await session.execute(Passage.__table__.delete())  # type: ignore[attr-defined]
    learned = await learn(database, path)
    assert learned.new == 0
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Passage)) == len(SECTIONS)

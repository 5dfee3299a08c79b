"""Knowledge that is too large for memory: PostgreSQL searches it, and it answers as it did in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from alembic import command
from sqlalchemy import create_engine, delete, func, make_url, select, text, update
from structlog.testing import capture_logs

from supportbot.db.models import RUNTIME_TABLES, Entry, KnowledgeState, Wording, Workspace
from supportbot.db.schema import alembic_config
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.feedback import consent
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import store, stored_index
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.features import Floats, TextEncoder, Tokens
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.spelling import Spelling
from supportbot.knowledge.store import answer_key
from tests.conftest import create_postgres_database
from tests.supportbot.knowledge.publishing import approve
from tests.supportbot.knowledge.test_knowledge import PARKING
from tests.waiting import following, until
from training.starter.data import load_faq

MOST = 100
"""Wordings up to which these tests keep knowledge in memory."""

FOREIGN = ("will it rain tomorrow", "what is the capital of france", "who won the match last night")
NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Counting:
    """An encoder that remembers what it was given."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.digest = encoder.digest
        self.dimensions = encoder.dimensions
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return what the real one makes of them."""
        self.texts += texts
        return self._encoder.encode(texts)

    def is_word(self, word: str) -> bool:
        """Return what the real one knows."""
        return self._encoder.is_word(word)

    @property
    def token_width(self) -> int:
        """Return the real one's."""
        return self._encoder.token_width

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[Floats, list[Tokens]]:
        """Return what the real one makes of them."""
        self.texts += texts
        return self._encoder.encode_with_tokens(texts)


@dataclass(frozen=True)
class Faq:
    """The starter's FAQ, cut to some hundred wordings, encoded once for all tests."""

    topics: tuple[tuple[str, tuple[str, ...]], ...]
    asked: tuple[str, ...]
    vectors: tuple[Floats, ...]


@pytest.fixture(autouse=True)
def _short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pgvector choose among these few wordings, too."""
    monkeypatch.setattr(stored_index, "SHORTLIST", 48)


@pytest.fixture(scope="session")
def faq(minilm: Encoder) -> Faq:
    """24 answers with 6 wordings each, and two other wordings of each."""
    found = load_faq().topics
    topics = tuple((topic.answer, tuple(topic.wordings[:6])) for topic in found)
    asked = tuple(normalise_question(text) for topic in found for text in topic.held_out[:2])
    texts = [[answer, *map(normalise_question, wordings)] for answer, wordings in topics]
    return Faq(topics, asked, tuple(minilm.encode(part) for part in texts))


@pytest.fixture
async def postgres(postgres_url: str, migrated_postgres: str, faq: Faq, minilm: Encoder) -> str:
    """The address of a database with the FAQ and its vectors."""
    url = create_postgres_database(postgres_url, migrated_postgres)
    database = Database(url)
    async with database.write() as session:
        revision = await store.raise_revision(session)
        for (answer, wordings), vectors in zip(faq.topics, faq.vectors, strict=True):
            first, *rest = (vector.astype(np.float16).tobytes() for vector in vectors)
            entry = Entry(
                answer=answer,
                answer_key=answer_key(answer),
                source=EntrySource.IMPORT,
                approved_by="Ana Lopez",
                approved_at=NOW,
                state=EntryState.LIVE,
                revision=revision,
                encoder=minilm.digest,
                vector=first,
                created_at=NOW,
            )
            session.add(entry)
            await session.flush()
            session.add_all(
                Wording(entry_id=entry.id, text=text, encoder=minilm.digest, vector=vector)
                for text, vector in zip(wordings, rest, strict=True)
            )
    await database.aclose()
    return url


@asynccontextmanager
async def left_memory(url: str, encoder: TextEncoder) -> AsyncIterator[Knowledge]:
    """The knowledge of a daemon with a database session of its own, once it has left memory."""
    async with aclosing(Database(url)) as database:
        knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02, most_in_memory=MOST)
        await knowledge.refresh()
        async with following(knowledge):
            await until(lambda: knowledge.stored is not None)
            yield knowledge


async def says(knowledge: Knowledge, question: str, workspace_id: int | None = None) -> str | None:
    """Return the answer that is given to a question, if one is."""
    decision = await knowledge.decide(question, workspace_id)
    return decision.candidates[0].entry.answer if decision and decision.sure else None


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; the test's own patience is far longer than what is promised."""
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - what is waited for is another task's doing
            await asyncio.sleep(0.05)


async def soon(knowledge: Knowledge, question: str, answer: str | None, workspace_id: int | None = None) -> None:
    """Wait until a question gets this answer."""

    async def is_said() -> bool:
        return await says(knowledge, question, workspace_id) == answer

    await eventually(is_said)


async def rows(database: Database) -> int:
    """Return how many wordings can be searched."""
    made = text(f"SELECT tablename FROM pg_tables WHERE tablename LIKE '{RUNTIME_TABLES}%'")
    async with database.read() as session:
        [name] = (await session.scalars(made)).all()
        return await session.scalar(text(f"SELECT count(*) FROM {name}")) or 0


async def known(database: Database) -> list[KnownEntry]:
    """Return all entries."""
    async with database.read() as session:
        return await store.entries(session)


async def test_answers_as_in_memory(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """Other wordings, known ones and foreign questions get the same answers, as surely, by the same threshold."""
    database = Database(postgres)
    async with left_memory(postgres, minilm) as knowledge:
        assert knowledge.index is None
        assert knowledge.stored is not None
        index = Index(
            await known(database),
            minilm,
            np.concatenate([vectors[1:] for vectors in faq.vectors]),
            np.stack([vectors[0] for vectors in faq.vectors]),
            wrong_rate=0.02,
        )
        assert knowledge.stored.calibration.threshold == pytest.approx(index.calibration.threshold, abs=0.01)
        assert knowledge.stored.wordings == len(index.wordings)
        viewer = Viewer(workspace_id=None, consenting=(), now=NOW)
        # In memory the words of answers are known as well, so a typing error may be put right otherwise.
        questions = [text for _, wordings in faq.topics for text in wordings]
        fewer, more = (
            Spelling(known, minilm.is_word)
            for known in (questions, [*questions, *(text for text, _ in faq.topics)])
        )
        asked = [text for text in (*faq.asked, *FOREIGN) if fewer.corrected(text) == more.corrected(text)]
        assert len(asked) > len(faq.asked) / 2
        for question in (*asked, faq.topics[3][1][5], faq.topics[9][1][0].upper() + "?!"):
            here = await knowledge.decide(question, None)
            there = index.decide(question, viewer)
            assert here is not None
            assert here.exact == there.exact
            # The thresholds themselves differ a little.
            if abs(there.candidates[0].confidence - there.threshold) > 0.02:
                assert here.sure == there.sure
            assert here.candidates[0].entry.id == there.candidates[0].entry.id
            assert here.candidates[0].wording.id == there.candidates[0].wording.id
            assert here.candidates[0].confidence == pytest.approx(there.candidates[0].confidence, abs=0.01)
        assert len(knowledge.examples()) == 3
    await database.aclose()


@pytest.mark.long
async def test_start_computes_nothing_again(postgres: str, minilm: Encoder) -> None:
    """A second start asks the database at once: no text is encoded, no wording read, no row written."""
    async with left_memory(postgres, minilm):
        pass
    database, encoder = Database(postgres), Counting(minilm)
    async with database.read() as session:
        written = await session.scalar(text("SELECT max(xmin::text::bigint) FROM wording"))
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02, most_in_memory=MOST)
    await knowledge.load()
    assert knowledge.stored is not None
    assert knowledge.index is None
    assert knowledge.has_own
    assert encoder.texts == []
    async with database.read() as session:
        assert await session.scalar(text("SELECT max(xmin::text::bigint) FROM wording")) == written
    await knowledge.aclose()
    await database.aclose()


@pytest.mark.long
async def test_two_daemons_follow(postgres: str, minilm: Encoder) -> None:
    """What is approved, edited and rejected counts in both daemons; only what is new is encoded."""
    counting = Counting(minilm)
    database = Database(postgres)
    async with left_memory(postgres, counting) as one, left_memory(postgres, minilm) as other:
        first = await rows(database)
        assert first == 24 * 6
        counting.texts.clear()
        ids = await approve(database, PARKING)
        question = "is there a place for my car?"
        for knowledge in (one, other):
            await soon(knowledge, "where can I park my car", next(iter(PARKING)))
            assert (await knowledge.decide(question, None)).candidates[0].entry.answer == next(iter(PARKING))  # type: ignore[union-attr]
        assert set(counting.texts) <= {*PARKING, *next(iter(PARKING.values())), question}
        assert await rows(database) == first + 2
        await ExampleStore(database).decide([ids[0]], Decision.EDIT, "Bo Chen", answer="Parking is 2 euros.")
        for knowledge in (one, other):
            await soon(knowledge, "where can I park my car", "Parking is 2 euros.")
        await ExampleStore(database).decide(ids, Decision.REJECT, "Bo Chen", reason="we have lost the yard")
        for knowledge in (one, other):
            await soon(knowledge, "where can I park my car", None)
        await _until_rows(database, first)
    await database.aclose()


async def _until_rows(database: Database, number: int) -> None:
    async def are_there() -> bool:
        return await rows(database) == number

    await eventually(are_there)


async def test_retired_and_reworded_entries(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """A retired entry is given by nobody and loses its rows; another text of a wording has a vector of its own."""
    database = Database(postgres)
    (answer, wordings), (other, [reworded, *_]) = faq.topics[0], faq.topics[1]
    async with left_memory(postgres, minilm) as knowledge:
        assert await says(knowledge, wordings[0]) == answer
        async with database.write() as session:
            revision = await store.raise_revision(session)
            await session.execute(
                update(Entry).where(Entry.answer == answer).values(state=EntryState.RETIRED, revision=revision)
            )
            await session.execute(update(Entry).where(Entry.answer == other).values(revision=revision))
            await session.execute(
                update(Wording)
                .where(Wording.text == reworded)
                .values(text="do you sell llamas", encoder=None, vector=None)
            )
        await soon(knowledge, wordings[0], None)
        await soon(knowledge, "Do you sell llamas?", other)
        decision = await knowledge.decide("are llamas for sale", None)
        assert decision is not None
        assert decision.candidates[0].wording.text == "do you sell llamas"
        assert answer not in {one.entry.answer for one in decision.candidates}
        await _until_rows(database, 23 * 6)
    await database.aclose()


async def test_words_of_a_workspace_need_consent(postgres: str, minilm: Encoder) -> None:
    """What a workspace's log taught is given there, and elsewhere only while its admin consents."""
    database = Database(postgres)
    for name in ("T1", "T2"):
        await consent.allow(database, "slack", name, "Ana Lopez", allow=False)
    async with database.read() as session:
        ids = dict((await session.execute(select(Workspace.external_id, Workspace.id))).all())
    async with left_memory(postgres, minilm) as knowledge:
        await approve(database, PARKING, workspace_id=ids["T1"])
        for question in ("where can I park my car", "can my car be parked somewhere"):
            await eventually(partial(_offers, knowledge, question, ids["T1"]))
            assert not await _offers(knowledge, question, ids["T2"])
        await consent.allow(database, "slack", "T1", "Ana Lopez", allow=True)
        await soon(knowledge, "where can I park my car", next(iter(PARKING)), ids["T2"])
        assert await _offers(knowledge, "can my car be parked somewhere", ids["T2"])
    await database.aclose()


async def _offers(knowledge: Knowledge, question: str, workspace_id: int) -> bool:
    decision = await knowledge.decide(question, workspace_id)
    assert decision is not None
    return next(iter(PARKING)) in {one.entry.answer for one in decision.candidates}


async def test_narrow_and_expired_entries_are_not_given(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """An entry for one workspace, and one whose time is over, are given to nobody else and nowhere."""
    database = Database(postgres)
    await consent.allow(database, "slack", "T1", "Ana Lopez", allow=False)
    (narrow, [staff, *_]), (expired, [late, *_]) = faq.topics[0], faq.topics[1]
    async with database.write() as session:
        home = await session.scalar(select(Workspace.id).where(Workspace.external_id == "T1"))
        await session.execute(update(Entry).where(Entry.answer == narrow).values(workspace_id=home))
        await session.execute(
            update(Entry).where(Entry.answer == expired).values(valid_until=datetime.now(UTC) - timedelta(1))
        )
    assert home is not None
    async with left_memory(postgres, minilm) as knowledge:
        for question in (staff, late, f"{staff} please", f"{late} please"):
            decision = await knowledge.decide(question, home + 1)
            assert decision is not None
            assert not {narrow, expired} & {one.entry.answer for one in decision.candidates}
        assert await says(knowledge, staff, home) == narrow
    await database.aclose()


async def test_nothing_is_left_of_erased_wordings(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """Rows go with their wordings and entries; where all are gone there is no knowledge, and no error."""
    database = Database(postgres)
    async with left_memory(postgres, minilm) as knowledge:
        async with database.write() as session:
            await store.raise_revision(session)
            await session.execute(delete(Entry))
        assert await rows(database) == 0
        await until(lambda: not knowledge.has_own)
        assert await knowledge.decide(faq.asked[0], None) is None
    await database.aclose()


@pytest.mark.long
async def test_daemons_may_make_the_table_at_once(postgres: str, minilm: Encoder) -> None:
    """Two daemons that find no table make it together, and no row twice."""
    async with left_memory(postgres, minilm) as one, left_memory(postgres, minilm) as other:
        assert one.stored is not None
        assert other.stored is not None
    database = Database(postgres)
    assert await rows(database) == 24 * 6
    await database.aclose()


@pytest.mark.long
async def test_foreign_questions_raise_the_threshold(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """A question that a curator marks as none of ours is answered no more, once the threshold is found anew."""
    database = Database(postgres)
    async with left_memory(postgres, minilm) as knowledge:
        assert knowledge.calibration is not None
        before = knowledge.calibration.threshold
        question = f"{faq.topics[2][1][0]} now"
        assert await says(knowledge, question) is not None
        async with database.write() as session:
            revision = await store.raise_revision(session)
            await session.execute(
                text("INSERT INTO foreign_question (text, marked_by, marked_at) VALUES (:text, 'Ana', now())"),
                {"text": question},
            )
        assert revision
        await soon(knowledge, question, None)
        assert knowledge.calibration.threshold > before
        async with database.read() as session:
            record = await session.scalar(select(KnowledgeState.calibration))
        assert record is not None
    await database.aclose()


def _limited(url: str) -> str:
    """Return the address for a role that may do everything with its tables and nothing with extensions."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    role = f"role_{make_url(url).database}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {role}"))
        for kind in ("TABLES", "SEQUENCES"):
            connection.execute(text(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {role}"))
    engine.dispose()
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.mark.long
async def test_without_pgvector_memory_goes_on(postgres: str, faq: Faq, minilm: Encoder) -> None:
    """Where the role may not create the extension, one line says what to do; it counts once somebody did it."""
    url = _limited(postgres)
    database = Database(url)
    knowledge = Knowledge(database, lambda: minilm, wrong_rate=0.02, most_in_memory=MOST)
    with capture_logs() as logs:
        await knowledge.refresh()
        await approve(database, PARKING)
        await knowledge.refresh()
    said = [line["why"] for line in logs if line["event"] == "knowledge.kept_in_memory"]
    assert len(said) == 1
    assert "have an administrator run `CREATE EXTENSION vector`" in said[0]
    assert knowledge.stored is None
    assert knowledge.index is not None
    assert await says(knowledge, faq.topics[3][1][0]) == faq.topics[3][0]
    await knowledge.aclose()
    await database.aclose()
    administrator = Database(postgres)
    async with administrator.write() as session:
        await session.execute(text("CREATE EXTENSION vector"))
    await administrator.aclose()
    async with left_memory(url, minilm) as later:
        await until(partial(_is_whole, later, 24 * 6 + 2))
        assert await says(later, "where can I park my car") == next(iter(PARKING))


def _is_whole(knowledge: Knowledge, wordings: int) -> bool:
    return knowledge.stored is not None and knowledge.stored.wordings == wordings


@pytest.mark.long
async def test_schema_stays_that_of_the_models(postgres: str, minilm: Encoder) -> None:
    """Alembic does not see the table, and takes it along on the way back."""
    async with left_memory(postgres, minilm):
        pass
    await asyncio.to_thread(command.check, alembic_config(postgres))
    await asyncio.to_thread(command.downgrade, alembic_config(postgres), "base")
    database = Database(postgres)
    async with database.read() as session:
        left = select(func.count()).select_from(text("pg_tables WHERE schemaname = 'public'"))
        assert await session.scalar(left) == 1  # Alembic's own
    await database.aclose()

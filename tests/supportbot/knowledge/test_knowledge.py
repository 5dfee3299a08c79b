"""The knowledge of running bots: what is approved or taken back is followed by every daemon on the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from sqlalchemy import select, update

from supportbot.db.models import KnowledgeState, Wording, Workspace
from supportbot.db.session import Database
from supportbot.feedback import consent
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.entries import Entries
from supportbot.knowledge import knowledge as module
from supportbot.knowledge import small_talk
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.encoder.errors import EncoderError
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.features import Floats
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.vectors import Vectors
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve
from tests.waiting import following, until

PARKING = {"You can park behind the hall for free.": ["where can I park my car", "is there parking"]}


def _has(knowledge: Knowledge, number: int) -> bool:
    return knowledge.index is not None and len(knowledge.index.entries) == number


async def _best(knowledge: Knowledge, question: str, workspace_id: int | None = None) -> str | None:
    decision = await knowledge.decide(question, workspace_id)
    return decision.candidates[0].entry.answer if decision and decision.sure else None


async def test_who_asks_during_a_start_waits_for_what_is_known(database: Database) -> None:
    """A start need not wait until everything is read, and what is asked meanwhile is answered from all of it."""
    await approve(database, GYM)
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.open()
    assert knowledge.has_own  # so that no visitor is shown the demonstration
    answer, [question, *_] = next(iter(GYM.items()))
    asking = asyncio.create_task(_best(knowledge, question))
    assert await asyncio.wait([asking], timeout=0.1) == (set(), {asking})
    async with following(knowledge):
        assert await asking == answer


async def test_encoder_that_cannot_be_used_stops_the_start_only_if_something_is_known(database: Database) -> None:
    """Without knowledge nothing needs the encoder yet."""

    def refuse() -> None:
        raise EncoderError("It is damaged.")

    knowledge = Knowledge(database, refuse, wrong_rate=0.02)
    await knowledge.open()
    assert not knowledge.has_own
    await approve(database, GYM)
    with pytest.raises(EncoderError):
        await knowledge.open()
    await knowledge.aclose()


async def test_two_daemons_follow_what_is_approved_and_rejected(database: Database, minilm: Encoder) -> None:
    """What one person approves, and takes back, every daemon on the database gives, and gives no more."""
    one, other = (Knowledge(database, lambda: minilm, wrong_rate=0.02) for _ in range(2))
    async with following(one), following(other):
        assert not one.has_own
        await approve(database, GYM)
        ids = await approve(database, PARKING)
        for knowledge in (one, other):
            await until(partial(_has, knowledge, 6))
            assert await _best(knowledge, "is there a place for my car?") == next(iter(PARKING))
        await ExampleStore(database).decide(ids, Decision.REJECT, "Ana Lopez", reason="we have lost the yard")
        for knowledge in (one, other):
            await until(partial(_has, knowledge, 5))
            assert await _best(knowledge, "where can I park my car") is None


async def test_edited_answer_is_given_at_once(database: Database) -> None:
    """An edit of an approved row moves its wording to an entry with the new answer."""
    ids = await approve(database, GYM)
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    await ExampleStore(database).decide([ids[0]], Decision.EDIT, "Bo Chen", answer="We never close.")
    await knowledge.load()
    assert await _best(knowledge, "when are you open") == "We never close."
    assert await _best(knowledge, "what are your opening hours") == next(iter(GYM))


async def test_vectors_are_computed_once(database: Database, minilm: Encoder) -> None:
    """A second start finds every vector; another encoder computes its own, and what lacks tokens gets them."""
    encoded: list[int] = []
    known: dict[str, Floats] = {}

    class Counting:
        dimensions = minilm.dimensions
        token_width = minilm.token_width

        def __init__(self, digest: str) -> None:
            self.digest = digest

        def is_word(self, word):  # type: ignore[no-untyped-def]
            return minilm.is_word(word)

        def encode_with_tokens(self, texts):  # type: ignore[no-untyped-def]
            return self.encode(texts), minilm.encode_with_tokens(texts)[1]  # type: ignore[no-untyped-call]

        def encode(self, texts):  # type: ignore[no-untyped-def]
            encoded.append(len(texts))
            new = [text for text in dict.fromkeys(texts) if text not in known]
            known.update(zip(new, minilm.encode(new), strict=True))
            return np.array([known[text] for text in texts], np.float32).reshape(-1, self.dimensions)

    await approve(database, GYM)
    for digest, expected, forgotten in (("a", 30, []), ("a", 0, []), ("b", 30, []), ("b", 3, [1, 2, 3])):
        async with database.write() as session:  # as a release left them that knew no tokens
            old = update(Wording).where(Wording.id.in_(forgotten)).values(token_vectors=None)
            await session.execute(old)
        encoded.clear()
        knowledge = Knowledge(database, partial(Counting, digest), wrong_rate=0.02)
        await knowledge.refresh()
        await knowledge.aclose()
        assert sum(encoded) - len(shipped_foreign()) == expected  # those of another encoder are computed


async def test_large_knowledge_goes_live_piece_by_piece(
    database: Database, minilm: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While many wordings are being encoded, those that are ready answer already, the newest first."""
    monkeypatch.setattr(module, "_AT_A_TIME", 8)
    await approve(database, GYM)
    knowledge = Knowledge(database, lambda: minilm, wrong_rate=0.02)
    await knowledge.refresh()
    assert knowledge.index is not None
    assert [entry.answer for entry in knowledge.index.entries] == [list(GYM)[-1]]
    await knowledge.load()
    assert len(knowledge.index.entries) == 5


async def test_retired_answer_is_silent_before_the_index_is_rebuilt(
    database: Database, minilm: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was retired or edited is not said while a new index is being built, however long that takes."""
    await approve(database, GYM)
    knowledge = Knowledge(database, lambda: minilm, wrong_rate=0.02)
    await knowledge.load()
    first, second = (wordings[0] for wordings in list(GYM.values())[:2])
    retired, edited = [await exact_entry(knowledge, question) for question in (first, second)]
    assert retired is not None
    assert edited is not None
    others = [wordings[0] for wordings in list(GYM.values())[2:]]
    entries = Entries(database)
    await entries.retire([retired], "Ana Lopez")
    await entries.edit(edited, "Ana Lopez", answer="Another answer altogether.")
    reached, go_on = asyncio.Event(), asyncio.Event()
    complete = Vectors.complete

    async def wait(self: Vectors, entries: Sequence[KnownEntry], *, most: int, with_tokens: bool) -> bool:
        reached.set()
        await go_on.wait()
        return await complete(self, entries, most=most, with_tokens=with_tokens)

    monkeypatch.setattr(Vectors, "complete", wait)
    refreshing = asyncio.create_task(knowledge.refresh())
    await reached.wait()
    assert [await exact_entry(knowledge, question) for question in (first, second)] == [None, None]
    assert None not in [await exact_entry(knowledge, question) for question in others]
    go_on.set()
    await refreshing
    assert await exact_entry(knowledge, first) is None
    assert await exact_entry(knowledge, second) == edited


async def exact_entry(knowledge: Knowledge, question: str) -> int | None:
    """Return the entry of which a question is a wording to the letter."""
    decision = await knowledge.decide(question, None)
    return decision.candidates[0].entry.id if decision is not None and decision.exact else None


async def test_rule_is_fitted_in_the_background(
    database: Database, minilm: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large index answers by the nearest wording until its rule is fitted, without waiting for it."""
    monkeypatch.setattr(module, "_FIT_FIRST", 4)
    await approve(database, GYM)
    knowledge = Knowledge(database, lambda: minilm, wrong_rate=0.02)
    await knowledge.refresh()
    assert knowledge.index is not None
    assert knowledge.index.rule is None
    assert (await knowledge.decide("could I hire shoes from you?", None)) is not None
    await knowledge.load()
    assert knowledge.index.rule is not None


async def test_calibration_is_stored_with_its_figures(database: Database) -> None:
    """The threshold stands in the database, where `knowledge status` reads it."""
    await approve(database, GYM)
    await Knowledge(database, lambda: None, wrong_rate=0.1).load()
    async with database.read() as session:
        record = await session.scalar(select(KnowledgeState.calibration))
    assert record is not None
    assert (record["wordings"], record["entries"], record["wrong_rate"]) == (25, 5, 0.1)
    assert 0 < record["threshold"] < 1


async def test_consent_is_followed(database: Database) -> None:
    """What a workspace's log taught is given elsewhere while its admin consents, and at home always."""
    home = await consent.allow(database, "slack", "T1", "Ana Lopez", allow=False)
    await consent.allow(database, "slack", "T2", "Bo Chen", allow=False)
    async with database.read() as session:
        ids = dict((await session.execute(select(Workspace.external_id, Workspace.id))).all())
    await approve(database, PARKING, workspace_id=ids[home.external_id])
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    for allowed in (False, True, False):
        await consent.allow(database, "slack", "T1", "Ana Lopez", allow=allowed)
        await knowledge.load()
        assert await _best(knowledge, "where can I park my car", ids["T1"]) == next(iter(PARKING))
        assert (await _best(knowledge, "where can I park my car", ids["T2"]) is not None) == allowed


async def test_failing_encoder_is_said_once_and_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An encoder that can't be used leaves the knowledge as it was, until it can be."""
    monkeypatch.setattr(module, "_FAILED_SECONDS", 0.01)
    tries: list[int] = []

    def open_later() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise EncoderError("The encoder is not there: set SUPPORTBOT_ENCODER.")

    knowledge = Knowledge(database, open_later, wrong_rate=0.02)
    await approve(database, GYM)
    task = asyncio.create_task(knowledge.run())
    await until(lambda: bool(knowledge.problem))
    await until(lambda: knowledge.has_own)
    await until(lambda: not knowledge.problem)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sum("The encoder is not there" in str(record.msg) for record in caplog.records) <= 1


async def test_small_talk_is_installed_once_and_may_be_edited(database: Database) -> None:
    """What ships is installed once; a wording that a curator took away does not come back."""
    async with database.write() as session:
        assert await small_talk.install(session) == len(small_talk.shipped())
    async with database.write() as session:
        await session.execute(update(Wording).where(Wording.text == "howdy").values(text="hoi hoi"))
        assert await small_talk.install(session) == 0
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    assert not knowledge.has_own
    found = knowledge.small_talk.find("Hellooo!!")
    assert found is not None
    assert found.answer == "Hello! What can I help you with?"
    assert knowledge.small_talk.find("howdy") is None
    assert knowledge.small_talk.find("hoi hoi") is not None
    assert knowledge.small_talk.find("hello where is my parcel") is None
    silent = Knowledge(database, lambda: None, wrong_rate=0.02, small_talk=False)
    await silent.load()
    assert silent.small_talk.find("hello") is None

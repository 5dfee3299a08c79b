"""When a passage of a document is quoted: where nothing better is said, and only if an operator wants it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import pytest

from supportbot.answering.answerer import Answerer
from supportbot.answering.explain import explain
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.trust import AnswerMode
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Grounds, Quoted, Reply
from supportbot.knowledge import small_talk
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from tests.supportbot.answering.test_generator import ScriptedEngine
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.handbook import ASKED, FOREIGN, SECTIONS, learn, written
from tests.supportbot.knowledge.publishing import approve

HOURS, *_ = GYM
CAR = next(iter(ASKED))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> tuple[Knowledge, Passages]:
    """A hall's FAQ, approved, and its handbook, learned; loaded once, since no test here changes it."""

    async def load() -> tuple[Knowledge, Passages]:
        folder = tmp_path_factory.mktemp("hall")
        database = Database(f"sqlite+aiosqlite:///{folder / 'supportbot.db'}")
        await migrate(database)
        async with database.write() as session:
            await small_talk.install(session)
        await approve(database, GYM)
        await learn(database, written(folder))
        encoder = open_encoder("")
        knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02)
        await knowledge.load()
        passages = Passages(database, lambda: encoder)
        await passages.load()
        await database.aclose()
        return knowledge, passages

    return asyncio.run(load())


def answerer(
    hall: tuple[Knowledge, Passages],
    *said: str,
    mode: AnswerMode = "verified_first",
    quotes: bool = True,
    is_starter: bool = False,
    knows_us: bool = False,
) -> Answerer:
    """Return an answerer whose model says some things."""
    knowledge, passages = hall
    model = LiveModel(ScriptedEngine(*said), None, is_starter=is_starter, knows_us=knows_us)
    return Answerer(Generator(model), knowledge, mode=mode, passages=passages if quotes else None)


async def ask(bot: Answerer, question: str) -> Reply:
    """Ask."""
    return await bot.answer(question, time.monotonic() + 60)


async def test_passage_is_quoted_with_its_source(hall: tuple[Knowledge, Passages]) -> None:
    """Where nothing is verified, the passage is given word for word, and the record names document and heading."""
    shown: list[str] = []
    reply = await answerer(hall).answer(CAR, time.monotonic() + 60, shown.append)
    assert (reply.text, reply.source, shown) == (SECTIONS["Parking"], AnswerSource.QUOTED, [SECTIONS["Parking"]])
    quoted = reply.grounds.quoted
    assert quoted is not None
    assert (quoted.document, quoted.heading, quoted.is_whole) == ("handbook.md", "Parking", True)
    assert reply.grounds.figures is not None
    assert reply.grounds.figures["quote_confidence"] >= reply.grounds.figures["quote_threshold"]
    assert Grounds.from_record(json.loads(json.dumps(reply.grounds.as_record()))) == reply.grounds
    assert reply.grounds.verified == ()


async def test_nothing_is_quoted_unless_it_is_wanted(hall: tuple[Knowledge, Passages]) -> None:
    """Without the setting, or where the model alone is asked, no document speaks."""
    assert (await ask(answerer(hall, quotes=False), CAR)).source is AnswerSource.NOT_SURE
    assert (await ask(answerer(hall, "We park.", mode="generate_only"), CAR)).text == "We park."


async def test_verified_answers_and_small_talk_come_first(hall: tuple[Knowledge, Passages]) -> None:
    """What is approved is given, a greeting is greeted, and neither foreign questions nor noise get a passage."""
    bot = answerer(hall)
    assert (await ask(bot, "when are you open")).text == HOURS
    assert (await ask(bot, "hello")).source is AnswerSource.APPROVED
    for question in (*FOREIGN, "dogs " * 60):
        assert (await ask(bot, question)).source is AnswerSource.NOT_SURE


@pytest.mark.parametrize(("similarity", "is_quoted"), [(0.49, True), (0.5, False), (0.6, False)])
async def test_near_verified_question_is_suggested_instead(
    similarity: float, is_quoted: bool, hall: tuple[Knowledge, Passages]
) -> None:
    """Where a verified question is as near as the passage, it is what was meant more likely, and is suggested."""
    knowledge, passages = hall
    found = await explain(knowledge, CAR, None, passages)
    assert found.nearest is not None
    assert found.decision is not None
    best, *others = found.decision.candidates
    rival = replace(found.decision, candidates=(replace(best, similarity=similarity), *others))
    found = replace(found, decision=rival, nearest=replace(found.nearest, similarity=0.5))
    assert (found.quote is not None) == is_quoted
    assert found.suggestions[0].entry == best.entry


async def test_model_is_heard_before_a_passage(hall: tuple[Knowledge, Passages]) -> None:
    """What a model says that may not be shown stays a draft, and the starter says nothing beside a handbook."""
    reply = await ask(answerer(hall, "\nBehind the moon.", knows_us=True), CAR)
    assert (reply.text, reply.source, reply.draft) == (
        SECTIONS["Parking"],
        AnswerSource.QUOTED,
        "Behind the moon.",
    )
    _, passages = hall
    model = LiveModel(ScriptedEngine("We ship to Norway."), None, is_starter=True)
    unknowing = Knowledge(passages._database, lambda: None, wrong_rate=0.02)
    reply = await ask(Answerer(Generator(model), unknowing, passages=passages), CAR)
    assert (reply.text, reply.source) == (SECTIONS["Parking"], AnswerSource.QUOTED)


def test_answers_from_before_have_no_quotation() -> None:
    """The record of an answer that was given before passages were quoted is read as ever."""
    record = Grounds(demo=True).as_record()
    del record["quoted"]
    assert Grounds.from_record(record) == Grounds(demo=True, figures={})
    quoted = Quoted(example_id=1, document="guide.md", heading="Refunds", is_whole=False)
    assert Grounds.from_record(Grounds(quoted=quoted).as_record()).quoted == quoted

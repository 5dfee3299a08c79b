"""An explanation says what the bot says: both are asked the same, with and without a model that may speak."""

from __future__ import annotations

import itertools
import time

import pytest

from supportbot.answering.answerer import Answerer
from supportbot.answering.explain import Explanation, Verdict, explain
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.trust import may_generate
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.feedback.entries import Entries
from supportbot.intake.questions import Reply
from supportbot.knowledge import small_talk
from supportbot.knowledge.knowledge import Knowledge
from tests.supportbot.answering.test_generator import ScriptedEngine

# What is compared is decided in memory.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FAQ = {
    "Delivery takes three days.": ["How long does delivery take?", "When will my parcel arrive?"],
    "To 40 countries.": ["Do you ship abroad?", "Which countries do you ship to?"],
    "With all of them.": ["Can I pay by card, and can I pay by invoice?"],
    "Use the form.": ["How do I return an item?", "Can I send something back?"],
}
QUESTIONS = {
    "How long does delivery take?": Verdict.WORDING,
    "hello": Verdict.SMALL_TALK,
    "How long does delivery take and do you ship abroad?": Verdict.PARTS,
    "How long does the delivery take": Verdict.VERIFIED,
    "Can I pay by card, and can I pay by invoice?": Verdict.WORDING,
    "What do penguins eat?": Verdict.NOT_VERIFIED,
    "Do you ship quickly, or is delivery what takes long?": None,
    "no " * 50: Verdict.DEGENERATE,
    "???": Verdict.DEGENERATE,
}
GENERATED = "something else"


async def say(knowledge: Knowledge, question: str, *, knows_us: bool, is_starter: bool = False) -> Reply:
    """Return what a bot says whose model says the same to everything."""
    model = LiveModel(ScriptedEngine(GENERATED), None, is_starter=is_starter, knows_us=knows_us)
    answerer = Answerer(Generator(model), knowledge)
    return await answerer.answer(question, time.monotonic() + 60)


async def test_an_explanation_says_what_the_bot_says(database: Database) -> None:
    """Answer, entries and suggestions are those of the answerer, question by question."""
    async with database.write() as session:
        await small_talk.install(session)
    for answer, questions in FAQ.items():
        await Entries(database).add(questions, answer, "ada")
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    for question, verdict in QUESTIONS.items():
        found: Explanation = await explain(knowledge, question)
        assert verdict in (None, found.verdict), question
        reply = await say(knowledge, question, knows_us=False)
        assert (reply.source is AnswerSource.APPROVED) == bool(found.given), question
        if found.given:
            assert reply.text == "\n\n".join(entry.answer for entry in found.given)
            assert [one.entry_id for one in reply.grounds.verified] == [entry.id for entry in found.given]
        suggested = [(one.entry_id, one.question) for one in reply.grounds.suggestions]
        assert suggested == [(one.entry.id, one.wording.text) for one in found.suggestions]
    await knowledge.aclose()


async def test_no_part_is_looked_up_that_has_no_say(database: Database) -> None:
    """A known wording is not cut, and after a part that is not sure no other is looked up."""
    for answer, questions in FAQ.items():
        await Entries(database).add(questions, answer, "ada")
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    assert not (await explain(knowledge, "Can I pay by card, and can I pay by invoice?")).parts
    found = await explain(knowledge, "What do penguins eat, and how long does delivery take?")
    assert [part for part, _ in found.parts] == ["What do penguins eat"]
    await knowledge.aclose()


async def test_the_model_is_asked_as_explained(database: Database) -> None:
    """Whether a model is asked depends on what it is and on what is known, in all combinations."""
    question = "What do penguins eat?"
    for has_knowledge in (False, True):
        if has_knowledge:
            await Entries(database).add(["How long?"], "Three days.", "ada")
        knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
        await knowledge.load()
        for is_starter, is_named, may_speak, knows_us in itertools.product((False, True), repeat=4):
            engine = ScriptedEngine(GENERATED)
            answerer = Answerer(
                Generator(LiveModel(engine, None, is_starter=is_starter, knows_us=knows_us)),
                knowledge,
                starter_may_speak=may_speak,
                starter_is_named=is_named,
            )
            await answerer.answer(question, time.monotonic() + 60)
            assert bool(engine.params) == may_generate(
                is_starter=is_starter,
                is_named=is_named,
                may_speak=may_speak,
                knows_us=knows_us,
                has_knowledge=has_knowledge,
            )
        await knowledge.aclose()

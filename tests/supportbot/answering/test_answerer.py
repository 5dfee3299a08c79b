"""What is said: an approved answer, else what a model says that may be trusted, else that the bot is not sure."""

from __future__ import annotations

import asyncio
import math
import shutil
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from supportbot.answering.answerer import Answerer
from supportbot.answering.gate import is_degenerate
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.slots import Slots
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.engine.prompt import prompt_text
from supportbot.errors import DeadlineExceededError
from supportbot.intake.earlier import ASKED_AS, Turn
from supportbot.intake.normalise import normalise_question
from supportbot.intake.questions import NO_BETTER_TEXT, NOT_SURE_NEAR_TEXT, NOT_SURE_TEXT, Reply
from supportbot.intake.samples import Drawn
from supportbot.knowledge import small_talk
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.knowledge import Knowledge
from tests.supportbot.answering.test_generator import ScriptedEngine
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve

HOURS, TICKET, SHOES, KIDS, CANCEL = GYM


@pytest.fixture(scope="module")
def knowledge(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The gym's FAQ with small talk, approved by Ana; loaded once, since no test here changes it."""

    async def load() -> Knowledge:
        path = shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("knowledge"))
        database = Database(f"sqlite+aiosqlite:///{path}")
        async with database.write() as session:
            await small_talk.install(session)
        await approve(database, GYM)
        knowledge = Knowledge(database, lambda: open_encoder(""), wrong_rate=0.02)
        await knowledge.load()
        await database.aclose()
        return knowledge

    return asyncio.run(load())


def answerer(
    knowledge: Knowledge | None, *said: str, is_starter: bool = False, knows_us: bool = False, **options: object
) -> Answerer:
    """Return an answerer whose model says some things."""
    model = LiveModel(ScriptedEngine(*said), None, is_starter=is_starter, knows_us=knows_us)
    return Answerer(Generator(model), knowledge, **options)  # type: ignore[arg-type]


async def ask(bot: Answerer, question: str) -> Reply:
    """Ask."""
    return await bot.answer(question, time.monotonic() + 60)


async def test_knowledge_that_cannot_be_read_ends_in_the_deadline(database: Database) -> None:
    """Nobody waits for ever, and nothing else is said instead."""
    await approve(database, GYM)
    unread = Knowledge(database, lambda: None, wrong_rate=0.02)
    await unread.open()
    with pytest.raises(DeadlineExceededError):
        await answerer(unread, "We rent helmets.").answer("could I hire shoes", time.monotonic() + 0.05)


async def test_known_question_gets_its_answer_word_for_word(knowledge: Knowledge) -> None:
    """Other words get the approved answer, with who approved it, and no model is asked."""
    shown: list[str] = []
    reply = await answerer(knowledge).answer(
        "Hi,\ncould I hire shoes?\nThanks", time.monotonic() + 60, shown.append
    )
    assert (reply.text, reply.source, shown) == (SHOES, AnswerSource.APPROVED, [SHOES])
    [verified] = reply.grounds.verified
    assert verified.approved_by == "Ana Lopez"
    assert 0.3 < verified.similarity < 1
    assert reply.model_version is None


async def test_what_is_known_needs_no_place_of_the_model(knowledge: Knowledge) -> None:
    """It is looked up only while all places are taken, and one question at a time."""
    slots = Slots(3.0)
    bot = Answerer(Generator(LiveModel(ScriptedEngine(), None), slots=slots), knowledge)
    known, unknown = "could I hire shoes?", "can I rent a helmet and a rope"
    assert await bot.needs_place(known)
    async with AsyncExitStack() as stack:
        for _ in range(slots.limit):
            await stack.enter_async_context(slots.slot(math.inf))
        assert [await bot.needs_place(one) for one in (known, unknown)] == [False, True]
        assert [*await asyncio.gather(bot.needs_place(known), bot.needs_place(known))] == [False, True]
    assert await bot.needs_place(known)


def turn(knowledge: Knowledge, question: str, answer: str) -> Turn:
    """Return a question of before that got an approved answer."""
    assert knowledge.index is not None
    [entry_id] = [entry.id for entry in knowledge.index.entries if entry.answer == answer]
    return Turn(question, answer, AnswerSource.APPROVED, (entry_id,))


@pytest.mark.parametrize(
    ("follow_up", "said", "meant"),
    [
        ("in size 45?", SHOES, "can I rent climbing shoes in size 45"),
        ("thanks!", "You are welcome!", None),
        ("how do I cancel my membership", CANCEL, None),
    ],
)
async def test_follow_up_is_answered_with_what_the_thread_is_about(
    knowledge: Knowledge, follow_up: str, said: str, meant: str | None
) -> None:
    """What is short for something is taken for that, which is noted; small talk and another topic are not."""
    earlier = [turn(knowledge, "can I rent climbing shoes", SHOES)]
    assert (await ask(answerer(knowledge), "in size 45?")).source is not AnswerSource.APPROVED
    reply = await answerer(knowledge).answer(follow_up, time.monotonic() + 60, earlier=earlier)
    assert reply.text == said
    assert (reply.grounds.figures or {}).get(ASKED_AS) == meant


async def test_model_hears_what_was_said_before_where_nobody_knows(knowledge: Knowledge) -> None:
    """What leans on earlier turns has them in its prompt, but no sentence of ours; any other question has not."""
    earlier = [
        turn(knowledge, "can I rent climbing shoes", SHOES),
        Turn("and a helmet?", NOT_SURE_TEXT, AnswerSource.NOT_SURE),
    ]
    bot = answerer(None, "We do.", "We do.")
    leaning = await bot.answer("and a rope?", time.monotonic() + 60, earlier=earlier)
    whole = await bot.answer("do you sell chalk in this shop", time.monotonic() + 60, earlier=earlier)
    assert leaning.prompt == prompt_text(f"{SHOES}\nand a helmet?\nand a rope?")  # no more has room
    assert whole.prompt == prompt_text("do you sell chalk in this shop")


async def test_unknown_question_gets_suggestions(knowledge: Knowledge) -> None:
    """What is near but not known gets the nearest verified questions, and what is far gets none."""
    reply = await ask(answerer(knowledge, is_starter=True), "can I rent a helmet and a rope")
    assert (reply.text, reply.source) == (NOT_SURE_NEAR_TEXT, AnswerSource.NOT_SURE)
    assert 1 <= len(reply.grounds.suggestions) <= 3
    assert any("rent" in one.question or "hire" in one.question for one in reply.grounds.suggestions)


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("how much is a day ticket and can I rent climbing shoes?", [TICKET, SHOES]),
        ("When are you open? How do I cancel my membership?", [HOURS, CANCEL]),
        ("can I rent shoes and socks", [SHOES]),
        ("what time do you close on saturday and sunday", [HOURS]),
    ],
)
async def test_two_questions_get_two_answers(question: str, answers: list[str], knowledge: Knowledge) -> None:
    """A message of two known questions gets both answers; one question with an "and" in it gets one."""
    reply = await ask(answerer(knowledge), question)
    assert reply.source is AnswerSource.APPROVED
    assert reply.text.split("\n\n") == answers
    assert len(reply.grounds.verified) == len(answers)


@pytest.mark.parametrize(
    "text",
    ["hi", "Hello!", "thanks!!", "Thank you so much", "ok", "no", "bye", "who are you?", "R u a bot", "heyyyy"],
)
async def test_small_talk_gets_one_sentence(text: str, knowledge: Knowledge) -> None:
    """What is no question gets a short sentence, never an answer of the FAQ."""
    reply = await ask(answerer(knowledge), text)
    assert reply.source is AnswerSource.APPROVED
    assert reply.text not in GYM
    assert len(reply.text) < 120
    assert reply.grounds.verified[0].approved_by == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Danke!!", "Gern geschehen!"),
        ("Hallöchen", "Hallo! Womit kann ich helfen?"),
        ("Merci!", "You are welcome!"),
    ],
)
async def test_small_talk_is_answered_in_its_language(text: str, answer: str, knowledge: Knowledge) -> None:
    """German in German; other languages, which have no answers of their own, in English."""
    assert (await ask(answerer(knowledge), text)).text == answer


async def test_starter_does_not_speak_beside_own_knowledge(knowledge: Knowledge) -> None:
    """With an answer of one's own, the demonstration is not asked; without any, it is, and says that it is one."""
    unknown = "how do I get my parcel to Norway"
    assert (await ask(answerer(knowledge, "We ship to Norway.", is_starter=True), unknown)).source == "not_sure"
    alone = await ask(answerer(None, "We ship to Norway.", is_starter=True), unknown)
    assert (alone.text, alone.grounds.demo) == ("We ship to Norway.", True)
    with_token = answerer(None, "We ship to Norway.", is_starter=True, starter_may_speak=False)
    assert (await ask(with_token, unknown)).text == NOT_SURE_TEXT
    named = answerer(None, "We ship.", is_starter=True, starter_may_speak=False, starter_is_named=True)
    reply = await ask(named, unknown)
    assert (reply.text, reply.grounds.demo) == ("We ship.", False)


async def test_model_is_the_second_voice(knowledge: Knowledge) -> None:
    """A model that was trained on these rows is heard where knowledge is not sure, if it says what is approved."""
    question = "can I rent a helmet and a rope"
    agrees = await ask(answerer(knowledge, f"\n{SHOES}", knows_us=True), question)
    differs = await ask(answerer(knowledge, "\nHelmets are free on Sundays.", knows_us=True), question)
    stranger = await ask(answerer(knowledge, f"\n{SHOES}"), question)
    assert agrees.source is AnswerSource.GENERATED
    assert (differs.source, differs.draft) == (AnswerSource.NOT_SURE, "Helmets are free on Sundays.")
    assert stranger.source is AnswerSource.NOT_SURE


@pytest.mark.parametrize(
    ("own", "beside", "is_heard", "is_heard_alone"),
    [
        (-1.0, -0.05, False, True),
        (-0.05, -1.0, True, False),
        (-0.05, None, False, False),
        (-1.0, None, True, True),
    ],
)
async def test_floor_beside_knowledge_is_another_one(
    knowledge: Knowledge, own: float, beside: float | None, is_heard: bool, is_heard_alone: bool
) -> None:
    """What knowledge refused has its own floor, if one was calibrated; without knowledge the model's holds."""
    question = "can I rent a helmet and a rope"
    for known, expected in ((knowledge, is_heard), (None, is_heard_alone)):
        model = LiveModel(ScriptedEngine(f"\n{SHOES}", logprob=-0.1), own, beside, knows_us=True)
        reply = await ask(Answerer(Generator(model), known), question)
        assert (reply.source is AnswerSource.GENERATED) == expected
        assert (reply.draft is None) == expected


async def test_generate_only_asks_the_model_alone(knowledge: Knowledge) -> None:
    """With the mode set, knowledge is not asked, and the prompt is the documented one."""
    bot = answerer(knowledge, "\nNobody knows.", mode="generate_only")
    reply = await ask(bot, "when are you open")
    assert (reply.text, reply.source) == ("Nobody knows.", AnswerSource.GENERATED)
    assert reply.prompt == (
        "Answer this customer support question professionally and helpfully:\nwhen are you open"
    )


DEGENERATE: Sequence[str] = (
    "ToTo" * 10_000,
    "a" * 70,
    "?" * 300,
    "....................",
    "help " * 50,
    "no no no no no no no no no no no no no no",
    "asdfghjkl" * 30,
    "ha" * 200,
    "1234567890" * 20,
    "shoes shoes shoes shoes shoes shoes shoes shoes shoes shoes shoes shoes shoes",
    "how do I rent shoes? " * 40,
    "lorem ipsum dolor sit amet " * 100,
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "x" * 40_000,
    "when are you open " * 20,
    "\u200b" * 500,
    "---------------------------",
    "😀" * 60,
    "lol lol lol lol lol lol lol lol lol lol lol lol lol",
    "a b " * 2_000,
)


@pytest.mark.parametrize("text", DEGENERATE, ids=range(len(DEGENERATE)))
async def test_degenerate_text_is_never_sure(text: str, knowledge: Knowledge) -> None:
    """Held keys, walls of repetitions and novels get no answer, and no model is asked."""
    reply = await ask(answerer(knowledge, knows_us=True), text)
    assert reply.source is AnswerSource.NOT_SURE


@pytest.mark.parametrize("text", [text for wordings in GYM.values() for text in wordings])
def test_honest_questions_pass_the_gate(text: str) -> None:
    """No question of the FAQ is taken for noise, nor is a long one with an address in it."""
    assert not is_degenerate(normalise_question(text))
    long = (
        f"{text}, I looked at https://gym.example/a/very/long/path/that/nobody/reads/{'x' * 40} and found nothing"
    )
    assert not is_degenerate(normalise_question(long))


BEFORE = Drawn(prompt_text("what was asked first"), shortened=False, texts=("At nine.",))


async def another(said: str, knowledge: Knowledge | None = None, floor: float | None = None) -> tuple[Reply, str]:
    """Return another sample after "At nine.", and what was shown while it was written."""
    shown: list[str] = []
    model = LiveModel(ScriptedEngine(said), floor, knows_us=True)
    answering = Answerer(Generator(model), knowledge)
    question = GYM[TICKET][0] if knowledge else "when do you open"
    reply = await answering.answer(question, time.monotonic() + 5, shown.append, before=BEFORE)
    return reply, "".join(shown)


async def test_another_sample_is_drawn_from_the_same_prompt() -> None:
    """It is shown when it is known to be another one, not while it is written."""
    reply, shown = await another("At ten.")
    assert (reply.text, reply.source, shown) == ("At ten.", AnswerSource.GENERATED, "")
    assert reply.prompt == BEFORE.prompt


@pytest.mark.parametrize(("said", "floor"), [("At  NINE.", None), ("At ten.", 0.0)])
async def test_what_is_no_better_is_not_shown(said: str, floor: float | None) -> None:
    """The same words, and what the model is not sure of, stay a draft in the record."""
    reply, shown = await another(said, floor=floor)
    assert (reply.text, reply.source, shown) == (NO_BETTER_TEXT, AnswerSource.NOT_SURE, "")
    assert (reply.draft or "").split()[0] == "At"


async def test_what_was_approved_since_is_the_other_sample(knowledge: Knowledge) -> None:
    """Where a curator has approved an answer meanwhile, that is given."""
    reply, _ = await another("At ten.", knowledge)
    assert reply.source is AnswerSource.APPROVED

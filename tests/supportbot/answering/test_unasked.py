"""What is said to what nobody asked: what is sure, or nothing, and nothing is left of that."""

from __future__ import annotations

import math
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.slots import Slots
from supportbot.answering.unasked import find_reply
from supportbot.db.models import Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Engine
from supportbot.errors import EngineBusyError, ModelError, OverloadedError
from supportbot.intake.claims import Claim
from supportbot.intake.questions import NOT_SURE_NEAR_TEXT
from supportbot.intake.reception import Manner
from supportbot.knowledge.knowledge import Knowledge
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.store import Place
from tests.supportbot.answering.test_answerer import SHOES, answerer
from tests.supportbot.answering.test_answerer import knowledge as knowledge  # the gym's
from tests.supportbot.answering.test_generator import ScriptedEngine
from tests.supportbot.answering.test_worker import Bot, FaultyEngine
from tests.supportbot.conftest import MakeQuestion

KNOWN = "could I hire shoes?"
NEAR = "can I rent a helmet and a rope"
AGREES = f"\n{SHOES}"
HERE = Place(platform="slack", workspace="T1", channel="C1")
LISTENING = Policy(answer_on=AnswerOn.QUESTIONS)


async def said(bot: Answerer, question: str, *, verified_only: bool = False) -> tuple[str, AnswerSource] | None:
    """Return what is said unasked, if anything is."""
    reply = await bot.answer_unasked(question, time.monotonic() + 60, workspace_id=1, verified_only=verified_only)
    return None if reply is None else (reply.text, reply.source)


async def test_only_what_is_sure_is_said(knowledge: Knowledge) -> None:
    """An approved answer, or a model's that says the same as the near one; never small talk, or a model alone."""
    assert await said(answerer(knowledge), KNOWN) == (SHOES, AnswerSource.APPROVED)
    assert await said(answerer(knowledge), "hello") is None
    assert (
        await said(answerer(knowledge, "\nUlaanbaatar.", knows_us=True), "what is the capital of mongolia") is None
    )
    assert await said(answerer(knowledge, AGREES, knows_us=True), NEAR) == (SHOES, AnswerSource.GENERATED)
    assert await said(answerer(knowledge, "\nHelmets are free on Sundays.", knows_us=True), NEAR) is None
    assert await said(answerer(knowledge, AGREES, knows_us=True), NEAR, verified_only=True) is None
    assert await said(answerer(None, "We rent helmets.", knows_us=True), KNOWN) is None


async def test_model_is_asked_only_where_it_has_a_place_at_once(knowledge: Knowledge) -> None:
    """Whoever asks the bot comes first."""
    slots = Slots(3.0)
    bot = Answerer(Generator(LiveModel(ScriptedEngine(AGREES), None, knows_us=True), slots=slots), knowledge)
    async with AsyncExitStack() as stack:
        for _ in range(slots.limit):
            await stack.enter_async_context(slots.slot(math.inf))
        assert await said(bot, KNOWN) == (SHOES, AnswerSource.APPROVED)
        with pytest.raises(OverloadedError):
            await said(bot, NEAR)


async def test_verified_only_says_nothing_else(knowledge: Knowledge) -> None:
    """Whatever the mode, what is known is given, and what is not known is offered to choose from."""
    for mode in ("verified_first", "generate_only"):
        bot = answerer(knowledge, AGREES, knows_us=True, mode=mode)
        known = await bot.answer(KNOWN, time.monotonic() + 60, verified_only=True)
        assert (known.text, known.source) == (SHOES, AnswerSource.APPROVED)
        near = await bot.answer(NEAR, time.monotonic() + 60, verified_only=True)
        assert (near.text, near.source) == (NOT_SURE_NEAR_TEXT, AnswerSource.NOT_SURE)


@pytest.mark.parametrize(
    "changes",
    [
        {"attempt": 2},
        {"lapses": 1},
        {"waited": timedelta(minutes=2)},
        {"text": "???"},
        {"policy": Policy()},
    ],
)
async def test_silence_where_nobody_waits_any_more(knowledge: Knowledge, changes: dict[str, object]) -> None:
    """What failed once, is old, says nothing, or is no longer listened to gets no answer."""
    values = {"attempt": 1, "lapses": 0, "waited": timedelta(), "text": KNOWN, "policy": LISTENING, **changes}
    claim = Claim(
        question_id=1,
        conversation_id=1,
        platform="slack",
        workspace_id=1,
        channel="C1",
        unasked=True,
        **values,  # type: ignore[arg-type]
    )
    assert await find_reply(answerer(knowledge), claim, 60.0) is None


async def left(database: Database) -> tuple[int, int]:
    """Return how many questions and replies there are."""
    async with database.read() as session:
        counts = [await session.scalar(select(func.count()).select_from(kind)) for kind in (Question, Outbox)]
    return counts[0] or 0, counts[1] or 0


def worker_with(database: Database, engine: Engine, known: Knowledge) -> Bot:
    """Return a bot whose model knows us and is asked beside what is known."""
    return Bot(database, engine, answerer=Answerer(Generator(LiveModel(engine, None, knows_us=True)), known))


@pytest.mark.parametrize("fault", [EngineBusyError("full"), ModelError("damaged"), RuntimeError("a defect")])
async def test_whatever_goes_wrong_is_silence(
    database: Database, knowledge: Knowledge, question: MakeQuestion, fault: Exception
) -> None:
    """Nobody is told of it, and the question goes: at once, or when it is taken up once more."""
    bot = worker_with(database, FaultyEngine(fault), knowledge)
    await bot.inbox.policies.change(HERE, {"answer_on": "questions"}, "ada")
    accepted = await bot.service.ask(question(NEAR, manner=Manner.UNASKED))
    assert accepted.new
    await bot.worker.answer_one(accepted.question_id)
    if await left(database) != (0, 0):
        await bot.claim_again(accepted.question_id)
        await bot.worker.answer_one(accepted.question_id)
    assert await left(database) == (0, 0)
    assert bot.rung == []


async def test_worker_answers_or_lets_go(database: Database, knowledge: Knowledge, question: MakeQuestion) -> None:
    """What is known is answered as anything else; what is not known is gone; the policy is read once more."""
    bot = worker_with(database, FaultyEngine(RuntimeError("must not be asked")), knowledge)
    await bot.inbox.policies.change(HERE, {"answer_on": "questions"}, "ada")
    for text, rows in ((KNOWN, (1, 1)), ("what is the capital of mongolia?", (1, 1))):
        accepted = await bot.service.ask(question(text, manner=Manner.UNASKED))
        await bot.worker.answer_one(accepted.question_id)
        assert await left(database) == rows
    accepted = await bot.service.ask(question(KNOWN, manner=Manner.UNASKED))
    await bot.inbox.policies.change(HERE, {"answer_on": "mention"}, "ada")
    await bot.worker.answer_one(accepted.question_id)
    assert await left(database) == (1, 1)
    assert bot.rung == ["slack"]


async def test_worker_keeps_to_verified_answers(database: Database, question: MakeQuestion) -> None:
    """Where the channel wants them only, no model is asked."""
    bot = Bot(database, FaultyEngine(RuntimeError("must not be asked")))
    await bot.inbox.policies.change(HERE, {"verified_only": True}, "ada")
    accepted = await bot.service.ask(question(manner=Manner.NAMED))
    await bot.worker.answer_one(accepted.question_id)
    exchange = await bot.exchange(accepted.question_id)
    assert exchange.source is AnswerSource.NOT_SURE

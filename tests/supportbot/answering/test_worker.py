"""The worker and the service together: from a question to an answer in the outbox, and what can go wrong."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from supportbot.answering import worker
from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.outcomes import MAX_ATTEMPTS
from supportbot.answering.slots import Slots
from supportbot.answering.worker import MOST_LAPSES, Worker
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.engine.base import Chunk, Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import Prompt
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.intake.claiming import SUSPECT_LAPSES
from supportbot.intake.history import Exchange, History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import NO_QUESTION_TEXT, Accepted
from supportbot.knowledge.knowledge import Knowledge
from supportbot.service import Service
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve
from tests.tiny_model import build_tokenizer


class FaultyEngine:
    """An engine that raises what it is told, or waits until it is let go."""

    model_version = "faulty"
    capacity = 4
    arithmetic = "faulty"

    def __init__(self, *faults: Exception) -> None:
        self.tokenizer = build_tokenizer()
        self.faults = list(faults)
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Fail as told, else answer."""
        self.started.set()
        await self.go_on.wait()
        if self.faults:
            raise self.faults.pop(0)
        for token in self.tokenizer("\nIt is on its way to you right now.")["input_ids"]:
            yield Chunk((token,), (-0.1,), str(self.tokenizer.decode([token])))
        yield Chunk((), (), "", "stop")

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Nothing to free."""


class Bot:
    """A worker with all that stands around it, on one database."""

    def __init__(
        self, database: Database, engine: Engine, *, answerer: Answerer | None = None, **settings: float
    ) -> None:
        self.database = database
        self.inbox = Inbox(database, owner="test", lease=timedelta(minutes=1))
        self.live = Live()
        self.rung: list[str] = []
        self.worker = Worker(
            self.inbox,
            answerer or Answerer(Generator(LiveModel(engine, None), slots=Slots(settings.get("busy_seconds")))),
            self.live,
            platforms=["slack"],
            answer_seconds=settings.get("answer_seconds", 30),
            question_age=timedelta(minutes=settings.get("question_minutes", 30)),
            on_answered=self.rung.append,
        )
        self.service = Service(
            self.inbox,
            Votes(database),
            Suggestions(database),
            History(database),
            self.live,
            self.worker.wake,
            crowd=self.worker.crowd_for,
        )

    async def exchange(self, question_id: int) -> Exchange:
        """Return a question with its answer."""
        found = await self.service.exchange(question_id)
        assert found is not None
        return found

    async def claim_again(self, question_id: int) -> None:
        """Let the time pass that a question was put off for."""
        async with self.database.write() as session:
            await session.execute(
                update(Question)
                .where(Question.id == question_id)
                .values(lease_until=datetime.now(UTC) - timedelta(seconds=1))
            )


@pytest.fixture
async def tiny_engine(tiny_model: Path) -> AsyncIterator[Engine]:
    """A real engine on random weights."""
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    await engine.aclose()


async def test_questions_are_answered_while_they_are_watched(
    database: Database, tiny_engine: Engine, question: MakeQuestion
) -> None:
    """Many questions at once are each answered once, and a watcher sees the text that ends in the database."""
    bot = Bot(database, tiny_engine)
    running = asyncio.create_task(bot.worker.run())
    accepted = [await bot.service.ask(question(f"Where is order {number}?")) for number in range(8)]

    async def follow(question_id: int) -> Exchange:
        *pieces, last = [piece async for piece in bot.service.follow(question_id)]
        assert isinstance(last, Exchange)
        shown = "".join(piece for piece in pieces if isinstance(piece, str))
        if shown:  # a watcher may come when the answer is finished already
            assert _letters(last.answer or "").startswith(_letters(shown)[:10])
        return last

    exchanges = await asyncio.gather(*(follow(one.question_id) for one in accepted))
    await bot.worker.drain(5)
    await running
    assert {exchange.state for exchange in exchanges} == {QuestionState.ANSWERED}
    assert {exchange.model_version for exchange in exchanges} == {"tiny"}
    assert bot.rung == ["slack"] * 8


def _letters(text: str) -> str:
    """Return the plain letters: of random bytes, those that are no character may be shown in several ways."""
    return "".join(character for character in text if character.isascii() and character.isalpha())


async def test_question_without_words_is_told_so(database: Database, question: MakeQuestion) -> None:
    """Zero-width characters, a sticker or nothing at all get a sane reply, not a model's."""
    bot = Bot(database, FaultyEngine(ModelError("must not be asked")))
    accepted = await bot.service.ask(question("\u200b\u200b \U0001f44d"))
    await bot.worker.answer_one(accepted.question_id)
    exchange = await bot.exchange(accepted.question_id)
    assert (exchange.answer, exchange.state) == (NO_QUESTION_TEXT, QuestionState.FAILED)


async def test_late_answer_is_an_apology(database: Database, question: MakeQuestion) -> None:
    """When the deadline passes, the asker hears it and the question is failed with its reason."""
    bot = Bot(database, FaultyEngine(DeadlineExceededError("late")))
    accepted = await bot.service.ask(question())
    await bot.worker.answer_one(accepted.question_id)
    exchange = await bot.exchange(accepted.question_id)
    assert exchange.state is QuestionState.FAILED
    assert exchange.source is AnswerSource.NOT_SURE
    assert "in time" in (exchange.answer or "")


async def test_old_question_is_told_instead_of_answered(database: Database, question: MakeQuestion) -> None:
    """A question from before a long outage gets an apology, not an answer out of the blue."""
    bot = Bot(database, FaultyEngine(), question_minutes=5)
    accepted = await bot.service.ask(question())
    async with database.write() as session:
        await session.execute(update(Question).values(received_at=datetime.now(UTC) - timedelta(minutes=6)))
    await bot.worker.answer_one(accepted.question_id)
    exchange = await bot.exchange(accepted.question_id)
    assert exchange.state is QuestionState.EXPIRED
    assert "away" in (exchange.answer or "")


async def test_busy_engine_puts_the_question_back(database: Database, question: MakeQuestion) -> None:
    """A full engine costs nothing but time: the question waits in the inbox and is answered later."""
    bot = Bot(database, FaultyEngine(EngineBusyError("full")))
    accepted = await bot.service.ask(question())
    await bot.worker.answer_one(accepted.question_id)
    assert (await bot.exchange(accepted.question_id)).state is QuestionState.RECEIVED
    await bot.claim_again(accepted.question_id)
    await bot.worker.answer_one(accepted.question_id)
    assert (await bot.exchange(accepted.question_id)).state is QuestionState.ANSWERED


@pytest.mark.parametrize("fault", [ModelError("damaged"), RuntimeError("a defect")])
async def test_failing_answers_are_retried_and_then_given_up(
    database: Database, question: MakeQuestion, fault: Exception
) -> None:
    """A question is tried a few times; then its asker is told, in a fixed sentence without the error's text."""
    bot = Bot(database, FaultyEngine(*[fault] * MAX_ATTEMPTS))
    accepted = await bot.service.ask(question())
    for _ in range(MAX_ATTEMPTS):
        assert (await bot.exchange(accepted.question_id)).state is QuestionState.RECEIVED
        await bot.claim_again(accepted.question_id)
        await bot.worker.answer_one(accepted.question_id)
    exchange = await bot.exchange(accepted.question_id)
    assert exchange.state is QuestionState.FAILED
    assert str(fault) not in (exchange.answer or "")


async def test_drain_waits_for_answers_under_way(database: Database, question: MakeQuestion) -> None:
    """What is being answered when the daemon stops is finished, and nothing new is begun."""
    engine = FaultyEngine()
    engine.go_on.clear()
    bot = Bot(database, engine)
    running = asyncio.create_task(bot.worker.run())
    first = await bot.service.ask(question())
    await engine.started.wait()
    draining = asyncio.create_task(bot.worker.drain(20))
    await running
    second = await bot.service.ask(question())
    engine.go_on.set()
    await draining
    assert (await bot.exchange(first.question_id)).state is QuestionState.ANSWERED
    assert (await bot.exchange(second.question_id)).state is QuestionState.RECEIVED


async def test_drain_returns_what_takes_too_long(database: Database, question: MakeQuestion) -> None:
    """What can't be finished in time goes back into the inbox, to be answered after the restart."""
    engine = FaultyEngine()
    engine.go_on.clear()
    bot = Bot(database, engine)
    running = asyncio.create_task(bot.worker.run())
    accepted = await bot.service.ask(question())
    await engine.started.wait()
    began = time.monotonic()
    await bot.worker.drain(0.05)
    await running
    assert time.monotonic() - began < 5
    assert (await bot.exchange(accepted.question_id)).state is QuestionState.RECEIVED


async def test_follow_of_an_unknown_question_ends(database: Database) -> None:
    """Following a question that does not exist yields nothing instead of waiting for ever."""
    bot = Bot(database, FaultyEngine())
    assert [piece async for piece in bot.service.follow(12345)] == []


async def test_worker_survives_a_database_that_fails(
    database: Database, question: MakeQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that fails, as on a full disk, is tried again; the question is answered when it works."""
    bot = Bot(database, FaultyEngine())
    claim: Callable[..., object] = bot.inbox.claim
    failed = asyncio.Event()

    async def failing(*arguments: object) -> object:
        if not failed.is_set():
            failed.set()
            bot.worker.wake.set()
            raise OSError(28, "No space left on device")
        return await claim(*arguments)  # type: ignore[misc]

    monkeypatch.setattr(bot.inbox, "claim", failing)
    accepted = await bot.service.ask(question())
    running = asyncio.create_task(bot.worker.run())
    last = [piece async for piece in bot.service.follow(accepted.question_id)][-1]
    assert isinstance(last, Exchange)
    await bot.worker.drain(5)
    await running
    assert failed.is_set()


async def test_worker_follows_the_model_that_is_live(database: Database, question: MakeQuestion) -> None:
    """After a replacement the worker claims as many questions as the new engine can use."""
    small, large = FaultyEngine(), FaultyEngine()
    small.capacity = 0
    answerer = Answerer(Generator(LiveModel(small, None)))
    bot = Bot(database, small, answerer=answerer)
    running = asyncio.create_task(bot.worker.run())
    accepted = await bot.service.ask(question())
    answerer.replace_model(LiveModel(large, None))
    bot.worker.wake.set()
    last = [piece async for piece in bot.service.follow(accepted.question_id)][-1]
    assert isinstance(last, Exchange)
    assert last.state is QuestionState.ANSWERED
    await bot.worker.drain(5)
    await running
    assert (small.started.is_set(), large.started.is_set()) == (False, True)


async def test_worker_claims_as_many_as_candidates_leave_room_for(
    database: Database, question: MakeQuestion
) -> None:
    """With two candidates each, an engine of four places is given two questions; the third waits in the inbox."""
    engine = FaultyEngine()
    engine.go_on.clear()
    bot = Bot(database, engine, answerer=Answerer(Generator(LiveModel(engine, None), candidates=2)))
    ids = [(await bot.service.ask(question())).question_id for _ in range(3)]
    running = asyncio.create_task(bot.worker.run())
    await engine.started.wait()
    assert [(await bot.exchange(one)).state for one in ids] == [
        QuestionState.ANSWERING,
        QuestionState.ANSWERING,
        QuestionState.RECEIVED,
    ]
    engine.go_on.set()
    async for _ in bot.service.follow(ids[2]):
        pass
    await bot.worker.drain(5)
    await running
    assert (await bot.exchange(ids[2])).state is QuestionState.ANSWERED


async def test_nobody_waits_for_a_full_engine_without_a_word(database: Database, question: MakeQuestion) -> None:
    """While all places are taken, whoever still waits is told that the bot is busy; the others get answers."""
    engine = FaultyEngine()
    engine.go_on.clear()
    bot = Bot(database, engine, busy_seconds=0.01)
    running = asyncio.create_task(bot.worker.run())
    ids = [
        (await bot.service.ask(question(asker=f"U{number}"))).question_id for number in range(engine.capacity + 2)
    ]
    late = []
    for question_id in ids[engine.capacity :]:
        [last] = [piece async for piece in bot.service.follow(question_id)]
        assert isinstance(last, Exchange)
        late.append(last)
    engine.go_on.set()
    answered = [[piece async for piece in bot.service.follow(one)][-1] for one in ids[: engine.capacity]]
    await bot.worker.drain(5)
    await running
    assert [exchange.state for exchange in late] == [QuestionState.REFUSED] * 2
    assert all("busy" in (exchange.answer or "") for exchange in late)
    assert [one.state for one in answered if isinstance(one, Exchange)] == [QuestionState.ANSWERED] * 4


async def test_what_is_known_is_let_in_while_the_model_is_overrun(
    database: Database, question: MakeQuestion
) -> None:
    """Who asks what the model would have to answer is sent away at the door; an approved answer is given."""
    await approve(database, GYM)
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    engine = FaultyEngine()
    engine.go_on.clear()
    clock = [0.0]
    slots = Slots(3.0, lambda: clock[0])
    for _ in range(10):  # answers took so long that one at a time is enough
        async with slots.slot(math.inf):
            clock[0] += 5
    answerer = Answerer(Generator(LiveModel(engine, None, knows_us=True), slots=slots), knowledge)
    bot = Bot(database, engine, answerer=answerer)
    running = asyncio.create_task(bot.worker.run())

    async def ask(asker: str, text: str) -> Accepted:
        return await bot.service.ask(question(asker=asker, text=text))

    await ask("U1", "can I rent a helmet and a rope?")
    await engine.started.wait()
    accepted = [await ask(asker, "is there a sauna near the wall?") for asker in ("U2", "U3")]
    assert [one.refused for one in accepted] == [None, "busy"]
    answer, (wording, *_) = next(iter(GYM.items()))
    known = await ask("U4", wording)
    *_, last = [piece async for piece in bot.service.follow(known.question_id)]
    assert isinstance(last, Exchange)
    assert last.answer == answer
    engine.go_on.set()
    await bot.worker.drain(5)
    await running


async def test_question_that_ends_processes_is_set_aside(database: Database, question: MakeQuestion) -> None:
    """After three processes have ended with a question in work, its asker is told, and nobody tries again."""
    engine = FaultyEngine(AssertionError("must not be asked"))
    bot = Bot(database, engine)
    accepted = await bot.service.ask(question())
    for number in range(MOST_LAPSES + 1):
        dying = Inbox(database, f"dying {number}", timedelta(0))
        assert await dying.claim_one(accepted.question_id) is not None
    running = asyncio.create_task(bot.worker.run())
    [last] = [piece async for piece in bot.service.follow(accepted.question_id)]
    await bot.worker.drain(5)
    await running
    assert isinstance(last, Exchange)
    assert last.state is QuestionState.FAILED
    assert (last.answer or "").startswith("Sorry, something went wrong")
    assert not engine.started.is_set()
    assert bot.rung == ["slack"]


async def test_questions_that_may_end_processes_follow_one_another(
    database: Database, question: MakeQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was in work when processes ended is answered alone, and the next one as soon as that has ended."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 3_600.0)
    bot = Bot(database, FaultyEngine())
    asked = [await bot.service.ask(question(channel=f"C{number}")) for number in range(3)]
    async with database.write() as session:
        await session.execute(update(Question).values(lapses=SUSPECT_LAPSES))
    running = asyncio.create_task(bot.worker.run())
    async with asyncio.timeout(60):
        for one in asked:
            last = [piece async for piece in bot.service.follow(one.question_id)][-1]
            assert isinstance(last, Exchange)
            assert last.state is QuestionState.ANSWERED
    await bot.worker.drain(5)
    await running

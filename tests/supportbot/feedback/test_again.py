"""Asking once more, on SQLite and on PostgreSQL: other samples of an answer, and questions that were edited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from supportbot.db.models import Audit, Example, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleStatus, OutboxKind
from supportbot.feedback.again import Again, CannotAskAgainError
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Vote, Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Accepted, IncomingQuestion, Reply
from supportbot.intake.samples import MOST_SAMPLES
from supportbot.service import Service
from supportbot.statistics.statistics import read_statistics
from tests.policies import decide
from tests.supportbot.conftest import MakeQuestion

ASKER, OTHER = "slack:T1:U1", "slack:T1:U2"
GENERATED = AnswerSource.GENERATED


class Bot:
    """A service whose answers a test says."""

    def __init__(self, database: Database, inbox: Inbox, question: MakeQuestion) -> None:
        self.database = database
        self.inbox = inbox
        self.question = question
        self.service = Service(
            inbox,
            Votes(database),
            Suggestions(database),
            History(database),
            Live(),
            asyncio.Event(),
            handoffs=Handoffs(database, inbox),
            again=Again(database),
        )

    async def ask(self, text: str = "When?", answer: str = "Tomorrow.", **changes: object) -> tuple[int, int]:
        """Ask and answer; return the numbers of question and answer."""
        accepted = await self.service.ask(self.question(text, **changes))
        return accepted.question_id, await self.answer(accepted.question_id, answer)

    async def answer(self, question_id: int, text: str, source: AnswerSource = GENERATED) -> int:
        """Answer a question."""
        await self.inbox.claim_one(question_id)
        answer_id = await self.inbox.finish(question_id, Reply(text=text, source=source, prompt=f"P: {text}"))
        assert answer_id is not None
        return answer_id

    async def try_again(self, answer_id: int, person: str = ASKER, *, admin: bool = False) -> Accepted:
        """Click under an answer."""

        async def is_admin() -> bool:
            return admin

        return await self.service.try_again(answer_id, person, self._build, workspace="T1", is_admin=is_admin)

    async def sample(self, answer_id: int, text: str, source: AnswerSource = GENERATED) -> int:
        """Have another sample drawn; return the number of the answer."""
        return await self.answer((await self.try_again(answer_id)).question_id, text, source)

    async def edit(self, text: str) -> None:
        """Edit the message that asked."""
        await self.service.hearing.reword("slack", "T1:C1:1", text)

    async def ask_again(self, question_id: int, person: str = ASKER) -> Accepted:
        """Click below the word about an edit."""
        return await self.service.ask_again(question_id, person, self._build, workspace="T1")

    async def texts(self) -> list[str]:
        """Return what was asked, the oldest first."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Question.text).order_by(Question.id)))

    def _build(self, text: str) -> IncomingQuestion:
        return replace(self.question(text), identity="", asker="U9")


@pytest.fixture
def bot(database: Database, inbox: Inbox, question: MakeQuestion) -> Bot:
    """A service without a model."""
    return Bot(database, inbox, question)


async def test_another_sample_is_asked_for_once(bot: Bot) -> None:
    """Clicks at the same moment draw one; it belongs to who asked, and knows what was drawn before."""
    first, answer_id = await bot.ask(asker="U1")
    accepted = await asyncio.gather(*(bot.try_again(answer_id) for _ in range(4)))
    assert sorted(one.new for one in accepted) == [False, False, False, True]
    (claim,) = await bot.inbox.claim(["slack"], 5)
    assert (claim.text, claim.sample_of, claim.sample) == ("When?", first, 2)
    drawn = claim.drawn
    assert drawn is not None
    assert (drawn.prompt, drawn.texts) == ("P: Tomorrow.", ("Tomorrow.",))
    exchange = await bot.service.exchange(claim.question_id)
    assert exchange is not None
    assert (exchange.asker, exchange.first_id, exchange.sample) == ("U1", first, 2)
    async with bot.database.read() as session:
        audits = list(
            await session.execute(select(Audit.actor, Audit.subject).filter_by(action="answer.try_again"))
        )
    assert audits == [("somebody on slack", f"question:{first}")]


async def test_there_are_three_samples_at_most(bot: Bot) -> None:
    """The third has no other, and an old button draws nothing more."""
    _, answer_id = await bot.ask()
    answers = [answer_id]
    for number in range(2, MOST_SAMPLES + 1):
        answers.append(await bot.sample(answers[-1], f"Sample {number}."))
    with pytest.raises(CannotAskAgainError, match="tried several times"):
        await bot.try_again(answers[-1])
    assert not (await bot.try_again(answers[0])).new
    assert len(await bot.texts()) == MOST_SAMPLES


async def test_only_the_asker_and_admins_may(bot: Bot) -> None:
    """Anybody else is told so, and so is who clicks in another workspace, or under what has no other sample."""
    _, answer_id = await bot.ask()
    with pytest.raises(CannotAskAgainError, match="Only the person who asked"):
        await bot.try_again(answer_id, OTHER)
    with pytest.raises(CannotAskAgainError, match="no longer available"):
        await bot.service.try_again(answer_id, ASKER, bot._build, workspace="T2")
    with pytest.raises(CannotAskAgainError, match="no longer available"):
        await bot.try_again(answer_id, "discord:U1")
    unsure = await bot.answer(
        (await bot.service.ask(bot.question("What?"))).question_id, "?", AnswerSource.NOT_SURE
    )
    with pytest.raises(CannotAskAgainError, match="no alternative"):
        await bot.try_again(unsure)
    assert (await bot.try_again(answer_id, OTHER, admin=True)).new


async def test_last_shown_sample_stands_for_its_question(bot: Bot) -> None:
    """A question counts once, by the last answer that was shown; one that is no better stands for nothing."""
    _, answer_id = await bot.ask()
    second = await bot.sample(answer_id, "On Monday.")
    await bot.sample(second, "Nothing better.", AnswerSource.NOT_SURE)
    shown = await History(bot.database).of_person("slack", "T1", "U1", 10)
    assert [(one.answer, one.sample) for one in shown] == [("On Monday.", 2)]
    figures = await read_statistics(bot.database, None, 1)
    assert (figures.questions, figures.generated, figures.not_sure) == (1, 1, 0)
    accepted = await bot.service.ask(bot.question("And then?"))
    claim = await bot.inbox.claim_one(accepted.question_id)
    assert claim is not None
    assert [(turn.question, turn.answer) for turn in claim.earlier] == [("When?", "On Monday.")]
    assert [one.sample for one in await History(bot.database).recent(10)] == [1, 3, 2, 1]


async def test_a_question_is_handed_off_once_whatever_its_samples(bot: Bot) -> None:
    """Under each sample a human is asked about the one question."""
    await decide(bot.database, "slack", "T1", handoff_target="CTEAM")
    first, answer_id = await bot.ask()
    second = await bot.sample(answer_id, "On Monday.")
    assert bot.service.handoffs is not None
    asked = await bot.service.handoffs.ask(second, ASKER, workspace="T1")
    again = await bot.service.handoffs.ask(answer_id, ASKER, workspace="T1")
    assert (asked.question_id, asked.new, again.new) == (first, True, False)


async def pairs(bot: Bot) -> list[tuple[str, str | None]]:
    """Collect, and return each candidate with what it is preferred to."""
    await collect(bot.database)
    async with bot.database.read() as session:
        rows = await session.execute(select(Example.completion, Example.rejected).order_by(Example.completion))
        return [(completion, rejected) for completion, rejected in rows]


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([0, 0], []),  # a click alone says nothing
        ([0, 1], [("B", "A")]),
        ([-1, 1], [("A", None), ("B", "A")]),
        ([1, -1], [("A", "B"), ("B", None)]),
        ([1, 0], [("A", None)]),
        ([1, 1], [("A", None), ("B", None)]),
        ([-1, 0], [("A", None)]),
        ([-1, 0, 1], [("A", None), ("C", "A")]),
        ([0, 0, 1], [("C", "B")]),
    ],
)
async def test_votes_on_samples_make_a_pair(
    bot: Bot, votes: Sequence[int], expected: list[tuple[str, str | None]]
) -> None:
    """A liked sample is preferred to a disliked one, and to an earlier one that nobody liked."""
    _, answer_id = await bot.ask(answer="A")
    answers = [answer_id]
    for text in "BC"[: len(votes) - 1]:
        answers.append(await bot.sample(answers[-1], text))
    for number, vote in zip(answers, votes, strict=True):
        if vote:
            await bot.service.vote(number, ASKER, Vote(vote), workspace="T1")
    assert await pairs(bot) == expected
    assert await pairs(bot) == expected


async def test_pair_follows_the_votes_until_somebody_decides(bot: Bot) -> None:
    """A thumb that comes later makes the pair, one that is taken back unmakes it; a decision stands."""
    _, answer_id = await bot.ask(answer="A")
    second = await bot.sample(answer_id, "B")
    await bot.service.vote(answer_id, ASKER, Vote.UP, workspace="T1")
    assert await pairs(bot) == [("A", None)]
    await bot.service.vote(second, ASKER, Vote.DOWN, workspace="T1")
    assert await pairs(bot) == [("A", "B"), ("B", None)]
    await bot.service.vote(second, ASKER, Vote.UP, workspace="T1")
    assert await pairs(bot) == [("A", None), ("B", None)]
    await bot.service.vote(answer_id, ASKER, Vote.DOWN, workspace="T1")
    assert await pairs(bot) == [("A", None), ("B", "A")]
    async with bot.database.read() as session:
        example_id = await session.scalar(select(Example.id).where(Example.completion == "B"))
    assert example_id is not None
    await ExampleStore(bot.database).decide([example_id], Decision.APPROVE, curator="ada")
    await bot.service.vote(second, ASKER, Vote.DOWN, workspace="T1")
    await collect(bot.database)
    async with bot.database.read() as session:
        row = await session.get_one(Example, example_id)
    assert (row.rejected, row.status) == ("A", ExampleStatus.APPROVED)


async def test_edit_after_the_answer_offers_to_ask_again(bot: Bot) -> None:
    """One message is shown for a question however often it is edited, and its button asks what it says then."""
    question_id, _ = await bot.ask("When is it open?", identity="T1:C1:1")
    await bot.edit("When is the pool open?")
    await bot.edit("When is the sauna open?")
    assert await offers(bot) == ["When is the sauna open?"]
    with pytest.raises(CannotAskAgainError, match="Only the person who asked"):
        await bot.ask_again(question_id, OTHER)
    assert [(await bot.ask_again(question_id)).new for _ in range(2)] == [True, False]
    await bot.edit("When is it open?")
    assert (await bot.ask_again(question_id)).new
    assert await bot.texts() == ["When is it open?", "When is the sauna open?", "When is it open?"]


@pytest.mark.parametrize(
    "text", ["when is it OPEN", "  When is\nit open?!", "Hello, when is it open?", "\N{ZERO WIDTH SPACE}", ""]
)
async def test_edit_that_asks_the_same_offers_nothing(bot: Bot, text: str) -> None:
    """Case, white space, greetings and the signs at the end make no other question; nor does nothing at all."""
    await bot.ask("When is it open?", identity="T1:C1:1")
    await bot.edit(text)
    assert await offers(bot) == []


async def test_nothing_is_offered_where_the_bot_is_to_be_silent(bot: Bot) -> None:
    """Where the policy says never, and for a question that has no answer yet, an edit offers nothing."""
    question_id = (await bot.service.ask(bot.question("When is it open?", identity="T1:C1:1"))).question_id
    await bot.edit("When is the pool open?")
    assert await bot.texts() == ["When is the pool open?"]
    await bot.answer(question_id, "At nine.")
    await decide(bot.database, "slack", "T1", answer_on="never")
    await bot.edit("When is the sauna open?")
    assert await offers(bot) == []
    with pytest.raises(CannotAskAgainError, match="no longer available"):
        await bot.ask_again(question_id)


async def offers(bot: Bot) -> list[str]:
    """Return what the messages would ask that offer to ask again."""
    async with bot.database.read() as session:
        return list(await session.scalars(select(Outbox.text).filter_by(kind=OutboxKind.ASK_AGAIN)))

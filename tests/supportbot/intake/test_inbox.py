"""The durable inbox, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from supportbot.db.models import Answer, Conversation, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.delivery.outbox import Outbox as OutboxStore
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion

REPLY = Reply(text="Tomorrow.\x00", source=AnswerSource.GENERATED, model_version="starter", seed=2**62)


async def state_of(database: Database, question_id: int) -> QuestionState:
    """Return the state of a question."""
    async with database.read() as session:
        return (await session.get_one(Question, question_id)).state


async def count(database: Database, model: type[Question | Workspace | Conversation | Answer | Outbox]) -> int:
    """Return how many rows a table has."""
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_redelivery_changes_nothing(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """The same event delivered again, even at the same moment, is one question."""
    incoming = question(identity="T1:C1:1")
    outcomes = await asyncio.gather(*(inbox.accept(incoming) for _ in range(5)))
    assert [outcome.new for outcome in outcomes].count(True) == 1
    assert len({outcome.question_id for outcome in outcomes}) == 1
    assert await count(database, Question) == 1


async def test_questions_of_a_thread_share_their_conversation(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Workspaces and conversations are made once, however many questions arrive together."""
    await asyncio.gather(*(inbox.accept(question()) for _ in range(6)))
    await inbox.accept(question(thread="2.0"))
    assert await count(database, Question) == 7
    assert await count(database, Workspace) == 1
    assert await count(database, Conversation) == 2


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "😀" * 10, "a" * 40_000, "‮txet"])
async def test_any_text_is_kept(inbox: Inbox, question: MakeQuestion, text: str) -> None:
    """Text of any kind is stored; what no database can hold is replaced by the replacement character."""
    accepted = await inbox.accept(question(text))
    claim = await inbox.claim_one(accepted.question_id)
    assert claim is not None
    assert claim.text == text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")


async def test_identifiers_beyond_64_bits_are_kept(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Identifiers are text, so no number of a platform is too large."""
    accepted = await inbox.accept(question(identity=str(2**70), asker=str(2**63 + 1)))
    async with database.read() as session:
        row = await session.get_one(Question, accepted.question_id)
    assert (row.identity, row.asker) == (str(2**70), str(2**63 + 1))


async def test_claims_are_exclusive(database: Database, question: MakeQuestion) -> None:
    """Several workers at once never claim the same question, and together claim all of them."""
    workers = [Inbox(database, owner=f"worker {number}", lease=timedelta(minutes=1)) for number in range(4)]
    for _ in range(12):
        await workers[0].accept(question())
    claimed = await asyncio.gather(*(worker.claim(["slack"], 3) for worker in workers for _ in range(2)))
    ids = [claim.question_id for claims in claimed for claim in claims]
    # On PostgreSQL a worker passes over rows that another is looking at, so a round may leave some behind.
    ids += [claim.question_id for claim in await workers[0].claim(["slack"], 12)]
    assert len(ids) == len(set(ids)) == 12


async def test_claims_come_in_order_and_for_the_right_platforms(inbox: Inbox, question: MakeQuestion) -> None:
    """The oldest question comes first, and a process takes only what it can deliver."""
    first = await inbox.accept(question())
    await inbox.accept(question(platform="discord"))
    second = await inbox.accept(question())
    claims = await inbox.claim(["slack"], 5)
    assert [claim.question_id for claim in claims] == [first.question_id, second.question_id]
    assert [claim.attempt for claim in claims] == [1, 1]
    assert await inbox.claim([], 5) == []


async def test_lease_of_a_dead_worker_runs_out(database: Database, question: MakeQuestion) -> None:
    """When a worker is gone, another takes its question over, and the dead one can no longer answer it."""
    dead = Inbox(database, owner="dead", lease=timedelta(0))
    heir = Inbox(database, owner="heir", lease=timedelta(minutes=1))
    accepted = await dead.accept(question())
    assert await dead.claim_one(accepted.question_id) is not None
    claim = await heir.claim_one(accepted.question_id)
    assert claim is not None
    assert claim.attempt == 2
    assert await dead.finish(accepted.question_id, REPLY) is None
    assert await heir.finish(accepted.question_id, REPLY) is not None
    assert await count(database, Answer) == 1


async def test_question_that_ends_processes_is_claimed_alone(database: Database, question: MakeQuestion) -> None:
    """What was in work when processes ended is left for a claim of its own; what was returned is no suspect."""
    suspect = (await Inbox(database, "any", timedelta(0)).accept(question())).question_id
    for number in range(2):  # the first claim is no lapse yet
        assert len(await Inbox(database, f"dying {number}", timedelta(0)).claim(["slack"], 9)) == 1
    heir = Inbox(database, "heir", timedelta(minutes=1))
    innocent = (await heir.accept(question(channel="B"))).question_id
    for _ in range(4):
        assert [claim.question_id for claim in await heir.claim(["slack"], 9)] == [innocent]
        await heir.release(innocent, attempted=False)
    assert await heir.has_suspect(["slack"])
    claim = await heir.claim_suspect(["slack"])
    assert claim is not None
    assert (claim.question_id, claim.lapses) == (suspect, 2)
    assert not await heir.has_suspect(["slack"])


async def test_released_question_waits_its_time(inbox: Inbox, question: MakeQuestion) -> None:
    """A question given back can be claimed again at once, or after the delay that was asked for."""
    accepted = await inbox.accept(question())
    await inbox.claim_one(accepted.question_id)
    await inbox.release(accepted.question_id, retry_in=timedelta(hours=1))
    assert await inbox.claim_one(accepted.question_id) is None
    other = await inbox.accept(question())
    await inbox.claim_one(other.question_id)
    await inbox.release(other.question_id)
    claim = await inbox.claim_one(other.question_id)
    assert claim is not None
    assert claim.attempt == 2


async def test_answer_and_outbox_are_one_transaction(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """An answer is never without its outbox row, and is written once."""
    accepted = await inbox.accept(question())
    await inbox.claim_one(accepted.question_id)
    answer_id = await inbox.finish(accepted.question_id, REPLY)
    assert answer_id is not None
    assert await state_of(database, accepted.question_id) is QuestionState.ANSWERED
    [delivery] = await outbox.claim("slack", 5)
    assert (delivery.answer_id, delivery.text, delivery.reply_to) == (
        answer_id,
        "Tomorrow.\ufffd",  # a model may generate NUL, which PostgreSQL refuses
        {"channel": "C1", "ts": "1.0"},
    )
    assert await inbox.finish(accepted.question_id, REPLY) is None
    assert await count(database, Outbox) == 1


async def test_database_itself_refuses_a_second_answer(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Even code that is wrong cannot give a question two answers of the bot; people may add theirs."""
    accepted = await inbox.accept(question())
    await inbox.claim_one(accepted.question_id)
    await inbox.finish(accepted.question_id, REPLY)
    async with database.read() as session:
        first = (await session.scalars(select(Answer))).one()

    def copy(source: AnswerSource) -> Answer:
        return Answer(
            question_id=first.question_id,
            text="again",
            source=source,
            shortened=False,
            created_at=first.created_at,
        )

    async with database.write() as session:
        session.add(copy(AnswerSource.HUMAN))
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(copy(AnswerSource.NOT_SURE))


async def test_recovery_frees_what_a_crash_left(database: Database, question: MakeQuestion) -> None:
    """After a crash, the next start claims at once what was under way."""
    before = Inbox(database, owner="before", lease=timedelta(hours=1))
    accepted = await before.accept(question())
    await before.claim_one(accepted.question_id)
    after = Inbox(database, owner="after", lease=timedelta(hours=1))
    assert await after.claim_one(accepted.question_id) is None
    assert await after.recover(["slack"]) == 1
    assert await after.claim_one(accepted.question_id) is not None


async def test_answers_that_come_together_stay_apart(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Each question has its own answer and outbox row; who lost a claim among them writes nothing."""
    asked = [(await inbox.accept(question(identity=f"T1:C1:{n}", asker=f"U{n}"))).question_id for n in range(6)]
    for one in asked[:5]:
        assert await inbox.claim_one(one) is not None
    replies = [Reply(text=f"Answer {one}", source=AnswerSource.APPROVED) for one in asked]
    answers = await asyncio.gather(
        *(inbox.finish(one, reply) for one, reply in zip(asked[::-1], replies[::-1], strict=True))
    )
    assert answers[0] is None
    assert len(set(answers)) == 6
    assert await state_of(database, asked[5]) is QuestionState.RECEIVED
    async with database.read() as session:
        rows = (
            await session.execute(select(Answer.id, Answer.question_id, Answer.text, Outbox.text).join(Outbox))
        ).all()
    assert sorted(rows) == sorted(
        (answer, one, f"Answer {one}", f"Answer {one}")
        for answer, one in zip(answers[1:], asked[4::-1], strict=True)
        if answer is not None
    )

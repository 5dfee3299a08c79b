"""The durable outbox and the dispatcher, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from supportbot.db.models import Answer, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxState, QuestionState
from supportbot.delivery import dispatch
from supportbot.delivery.claiming import SUSPECT_LAPSES, Delivery
from supportbot.delivery.dispatch import Dispatcher, RetryLaterError, UndeliverableError
from supportbot.delivery.outbox import Outbox as OutboxStore
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion
from tests.waiting import beside, until

REPLY = Reply(text="Tomorrow.", source=AnswerSource.GENERATED, model_version="starter")


class RecordingSender:
    """A platform that notes what it was sent and misbehaves as it is told; `arrived` is set at each attempt."""

    platform = "slack"
    pause = 0.0

    def __init__(self, *outcomes: Exception | str) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[Delivery] = []
        self.arrived = asyncio.Event()

    async def send(self, delivery: Delivery) -> str:
        """Note a delivery and give the next outcome."""
        self.sent.append(delivery)
        self.arrived.set()
        outcome = self.outcomes.pop(0) if self.outcomes else f"ts-{delivery.answer_id}"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def answered(inbox: Inbox, question: MakeQuestion, state: QuestionState = QuestionState.ANSWERED) -> int:
    """Bring a question as far as the outbox; return its id."""
    accepted = await inbox.accept(question())
    await inbox.claim_one(accepted.question_id)
    await inbox.finish(accepted.question_id, REPLY, state=state)
    return accepted.question_id


async def rows_of(database: Database, question_id: int) -> tuple[Question, Outbox, Answer]:
    """Return a question with its outbox row and answer."""
    async with database.read() as session:
        question = await session.get_one(Question, question_id)
        outbox = (await session.scalars(select(Outbox).where(Outbox.question_id == question_id))).one()
        answer = (await session.scalars(select(Answer).where(Answer.question_id == question_id))).one()
    return question, outbox, answer


async def make_due(database: Database) -> None:
    """Let all the time pass that replies were waiting for."""
    async with database.write() as session:
        await session.execute(update(Outbox).values(due_at=datetime.now(UTC) - timedelta(seconds=1)))


async def test_delivery_ends_in_delivered(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """A reply that reached the platform is noted with its identity, and never sent again."""
    question_id = await answered(inbox, question)
    sender = RecordingSender()
    dispatcher = Dispatcher(outbox, sender)
    await dispatcher.deliver_due()
    await dispatcher.deliver_due()
    row, sent, answer = await rows_of(database, question_id)
    assert row.state is QuestionState.DELIVERED
    assert row.delivered_at is not None
    assert sent.state is OutboxState.DELIVERED
    assert answer.reply_identity == f"ts-{answer.id}"
    assert len(sender.sent) == 1
    assert sender.sent[0].votable


async def test_claimed_reply_is_nobody_elses(inbox: Inbox, outbox: OutboxStore, question: MakeQuestion) -> None:
    """Two senders at once never hold the same reply."""
    for number in range(6):
        await answered(inbox, partial(question, channel=f"C{number}"))
    claims = await asyncio.gather(*(outbox.claim("slack", 2) for _ in range(5)))
    claims.append(await outbox.claim("slack", 6))  # what PostgreSQL's SKIP LOCKED passed over
    ids = [delivery.outbox_id for batch in claims for delivery in batch]
    assert len(ids) == len(set(ids)) == 6


async def test_faults_postpone_and_attempts_are_counted(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """A network fault or a rate limit delays a reply; each attempt says its number and carries the same mark."""
    question_id = await answered(inbox, question)
    sender = RecordingSender(ConnectionResetError("gone"), RetryLaterError("ratelimited", 30.0))
    dispatcher = Dispatcher(outbox, sender)
    await dispatcher.deliver_due()
    await dispatcher.deliver_due()
    assert len(sender.sent) == 1
    await make_due(database)
    await dispatcher.deliver_due()
    _, waiting, _ = await rows_of(database, question_id)
    assert waiting.state is OutboxState.PENDING
    assert timedelta(seconds=20) < waiting.due_at - datetime.now(UTC) <= timedelta(seconds=30)
    assert waiting.last_error == "ratelimited"
    await make_due(database)
    await dispatcher.deliver_due()
    row, _, _ = await rows_of(database, question_id)
    assert row.state is QuestionState.DELIVERED
    assert [delivery.attempt for delivery in sender.sent] == [1, 2, 3]
    assert len({delivery.mark for delivery in sender.sent}) == 1
    assert len(sender.sent[0].mark) <= 25


async def test_what_was_certainly_not_sent_is_no_attempt(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """After a rate limit the next attempt is again the first, so it need not look for a message."""
    await answered(inbox, question)
    sender = RecordingSender(RetryLaterError("ratelimited", 1.0, unsent=True))
    dispatcher = Dispatcher(outbox, sender)
    await dispatcher.deliver_due()
    await make_due(database)
    await dispatcher.deliver_due()
    assert [delivery.attempt for delivery in sender.sent] == [1, 1]


async def test_reply_waits_out_a_long_outage(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """After thousands of attempts, as in half a day without a network, a reply is still postponed by seconds."""
    question_id = await answered(inbox, question)
    async with database.write() as session:
        await session.execute(update(Outbox).values(attempts=5_000))
    sender = RecordingSender(ConnectionResetError("gone"))
    await Dispatcher(outbox, sender).deliver_due()
    _, waiting, _ = await rows_of(database, question_id)
    assert (waiting.last_error, waiting.lease_owner) == ("ConnectionResetError", None)
    assert waiting.due_at - datetime.now(UTC) <= timedelta(seconds=15)


@pytest.mark.parametrize("gives_up", [False, True])
async def test_lost_claim_changes_nothing(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion, *, gives_up: bool
) -> None:
    """Whose claim ran out has no say any more: who has it now is not disturbed, and nobody sends beside them."""
    question_id = await answered(inbox, question)
    slow = OutboxStore(database, "slow", timedelta(0))
    [lost] = await slow.claim("slack", 1)
    [_] = await outbox.claim("slack", 1)
    if gives_up:
        await slow.give_up(lost.outbox_id, "is_archived")
    else:
        await slow.postpone(lost.outbox_id, timedelta(0), "gone", unsent=False)
    assert await OutboxStore(database, "third", timedelta(minutes=1)).claim("slack", 1) == []
    row, sent, _ = await rows_of(database, question_id)
    assert (row.state, sent.state, sent.lease_owner) == (QuestionState.ANSWERED, OutboxState.PENDING, "test")


async def test_undeliverable_reply_fails_with_its_reason(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """A reply into an archived channel is given up at once, and the question says why."""
    question_id = await answered(inbox, question)
    await Dispatcher(outbox, RecordingSender(UndeliverableError("is_archived"))).deliver_due()
    row, sent, _ = await rows_of(database, question_id)
    assert (row.state, row.reason) == (QuestionState.FAILED, "not delivered: is_archived")
    assert sent.state is OutboxState.FAILED


async def test_apology_is_delivered_but_not_votable(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """Of a failed question the asker hears, without thumbs, and it stays failed."""
    question_id = await answered(inbox, question, QuestionState.FAILED)
    sender = RecordingSender()
    await Dispatcher(outbox, sender).deliver_due()
    assert not sender.sent[0].votable
    row, _, _ = await rows_of(database, question_id)
    assert row.state is QuestionState.FAILED
    assert row.delivered_at is not None


async def test_run_delivers_when_rung_and_stops_when_told(
    inbox: Inbox, outbox: OutboxStore, question: MakeQuestion
) -> None:
    """The loop delivers as soon as it is rung, and what is due is still delivered when it is told to stop."""
    sender = RecordingSender()
    dispatcher = Dispatcher(outbox, sender)
    running = asyncio.create_task(dispatcher.run())
    await answered(inbox, question)
    dispatcher.wake.set()
    await asyncio.wait_for(sender.arrived.wait(), 10)
    await answered(inbox, question)
    dispatcher.stop()
    await asyncio.wait_for(running, 10)
    assert len(sender.sent) == 2


async def test_recovery_makes_interrupted_replies_due(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """A reply whose sender died is sent again at the next start, as a second attempt."""
    await answered(inbox, question)
    [first] = await outbox.claim("slack", 1)
    assert await outbox.claim("slack", 1) == []
    heir = OutboxStore(database, "heir", timedelta(minutes=1))
    await heir.recover()
    [second] = await heir.claim("slack", 1)
    assert (first.attempt, second.attempt) == (1, 2)
    assert (first.lapses, second.lapses) == (0, 1)
    assert first.mark == second.mark


async def test_channel_that_must_wait_holds_nobody_up(
    inbox: Inbox, outbox: OutboxStore, question: MakeQuestion
) -> None:
    """One reply at a time is on its way to a channel, and after it the channel has the pause of its platform."""
    for channel in ("A", "A", "A", "B"):
        await answered(inbox, partial(question, channel=channel))
    first, other = await outbox.claim("slack", 16)
    assert (first.channel, other.channel) == ("A", "B")
    assert await outbox.claim("slack", 16) == []
    await outbox.delivered(first.outbox_id, "1.0", pause=60)
    await outbox.delivered(other.outbox_id, "1.0")
    await answered(inbox, partial(question, channel="B"))
    [next_one] = await outbox.claim("slack", 16)
    assert next_one.channel == "B"


async def test_break_is_kept_by_the_whole_channel(
    inbox: Inbox, outbox: OutboxStore, question: MakeQuestion
) -> None:
    """If the platform wants a break of a channel, its other replies wait as well."""
    for channel in ("A", "A", "B"):
        await answered(inbox, partial(question, channel=channel))
    sender = RecordingSender(RetryLaterError("ratelimited", 60, unsent=True, whole_channel=True))
    await Dispatcher(outbox, sender).deliver_due()
    assert [delivery.channel for delivery in sender.sent] == ["A", "B"]


async def test_word_that_the_bot_is_busy_comes_first(
    inbox: Inbox, outbox: OutboxStore, question: MakeQuestion
) -> None:
    """It would be of no use after the answers that the channel waits for."""
    await answered(inbox, question)
    refused = await answered(inbox, question, QuestionState.REFUSED)
    [first] = await outbox.claim("slack", 16)
    assert first.question_id == refused


async def test_people_of_a_channel_take_turns(inbox: Inbox, outbox: OutboxStore, question: MakeQuestion) -> None:
    """Whoever has had an answer lately waits for those who have not."""
    for asker in ("U1", "U1", "U1", "U2"):
        await answered(inbox, partial(question, asker=asker))
    sender = RecordingSender()
    await Dispatcher(outbox, sender).deliver_due()
    assert [delivery.asker for delivery in sender.sent] == ["U1", "U2", "U1", "U1"]


async def test_reply_that_ends_processes_is_given_up(
    inbox: Inbox, outbox: OutboxStore, database: Database, question: MakeQuestion
) -> None:
    """What was under way when processes ended is claimed alone, and after five given up; others are sent."""
    question_id = await answered(inbox, question)
    for lapses in range(5):
        dying = OutboxStore(database, f"dying {lapses}", timedelta(0))
        if lapses > 1:
            assert await dying.claim("slack", 16) == []
            assert await dying.has_suspect("slack")
            assert await dying.claim_suspect("slack") is not None
        else:
            assert len(await dying.claim("slack", 16)) == 1
    other = await answered(inbox, partial(question, channel="B"))
    sender = RecordingSender()
    await Dispatcher(outbox, sender).deliver_due()
    assert [delivery.question_id for delivery in sender.sent] == [other]
    row, sent, _ = await rows_of(database, question_id)
    assert (row.state, sent.state) == (QuestionState.FAILED, OutboxState.FAILED)
    assert row.reason == "not delivered: each process that tried to send it ended"


async def test_replies_that_may_end_processes_follow_one_another(
    inbox: Inbox,
    outbox: OutboxStore,
    database: Database,
    question: MakeQuestion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was on its way when processes ended is sent alone, and the next one as soon as that is."""
    monkeypatch.setattr(dispatch, "POLL_SECONDS", 3_600.0)
    monkeypatch.setattr(dispatch, "_LOOK_FOR_SUSPECTS_SECONDS", 3_600.0)
    for number in range(3):
        await answered(inbox, partial(question, channel=f"C{number}"))
    async with database.write() as session:
        await session.execute(update(Outbox).values(lapses=SUSPECT_LAPSES))
    sender = RecordingSender()
    async with beside(Dispatcher(outbox, sender).run()):
        await until(lambda: len(sender.sent) == 3)


class LongLook(OutboxStore):
    """An outbox in which the look for suspects ends just when nothing is under way any more."""

    def __init__(self, database: Database, gate: asyncio.Event) -> None:
        super().__init__(database, "test", timedelta(minutes=1))
        self._gate = gate
        self._ended = asyncio.Event()

    def forget(self, outbox_id: int) -> None:
        """Note that a dispatcher is through with a reply."""
        super().forget(outbox_id)
        self._ended.set()

    async def has_suspect(self, platform: str) -> bool:
        """Look, and let the platform take what is under way meanwhile."""
        found = await super().has_suspect(platform)
        if found:
            self._gate.set()
            await self._ended.wait()
        return found


class GatedSender(RecordingSender):
    """A platform that takes nothing before its gate is opened."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    async def send(self, delivery: Delivery) -> str:
        """Note a delivery, and take it once the gate is open."""
        identity = await super().send(delivery)
        await self._gate.wait()
        return identity


async def test_suspect_is_found_as_the_last_reply_ends(
    inbox: Inbox, database: Database, question: MakeQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that is sent while suspects are looked for leaves nothing to wait for, which is no fault."""
    monkeypatch.setattr(dispatch, "_LOOK_FOR_SUSPECTS_SECONDS", 0.0)
    gate = asyncio.Event()
    sender = GatedSender(gate)
    outbox = LongLook(database, gate)
    dispatcher = Dispatcher(outbox, sender)
    await answered(inbox, question)
    with capture_logs() as lines:
        async with beside(dispatcher.run()):
            await sender.arrived.wait()
            suspect = await answered(inbox, partial(question, channel="B"))
            async with database.write() as session:
                await session.execute(
                    update(Outbox).where(Outbox.question_id == suspect).values(lapses=SUSPECT_LAPSES)
                )
            dispatcher.wake.set()
            await until(lambda: len(sender.sent) == 2)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == []

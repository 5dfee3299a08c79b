"""What nobody asked the bot, and channels in which it is not heard, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from supportbot.db.models import Channel, Conversation, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.intake.admission import Limit, Limits, Refusal
from supportbot.intake.handoff import Heard
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import NOT_HEARD, PRIVATELY, Accepted, Reply
from supportbot.intake.reception import Manner, Reception
from supportbot.policies.policy import AnswerOn
from supportbot.policies.store import Place
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.intake.test_threads import remark

HERE = Place(platform="slack", workspace="T1", channel="C1")
KINDS = (Question, Conversation, Outbox)
SURE = Reply(text="Tomorrow.", source=AnswerSource.APPROVED)


@pytest.fixture
async def listening(inbox: Inbox) -> Inbox:
    """An inbox of a workspace in whose channel every question is heard."""
    await inbox.policies.change(HERE, {"answer_on": "questions"}, "ada")
    return inbox


async def rows(database: Database) -> tuple[int, ...]:
    """Return how many questions, conversations and replies there are."""
    async with database.read() as session:
        return tuple([await session.scalar(select(func.count()).select_from(kind)) or 0 for kind in KINDS])


async def overhear(inbox: Inbox, question: MakeQuestion, **changes: Any) -> Accepted:
    """Hear what somebody asked nobody."""
    return await inbox.accept(question(manner=Manner.UNASKED, **changes))


async def test_nothing_is_kept_of_what_is_not_heard(
    inbox: Inbox, question: MakeQuestion, database: Database
) -> None:
    """By default nobody listens to chat; where the bot is off, nothing is kept of a mention either."""
    assert await overhear(inbox, question) == NOT_HEARD
    await inbox.policies.change(HERE, {"answer_on": "never"}, "ada")
    for manner in (Manner.NAMED, Manner.COMMAND, Manner.FOLLOW_UP, Manner.UNASKED):
        assert await inbox.accept(question(manner=manner, in_thread=True)) == NOT_HEARD
    assert await rows(database) == (0, 0, 0)
    assert (await inbox.accept(question(manner=Manner.DIRECT))).new


async def test_another_daemon_obeys_from_the_next_question_on(
    inbox: Inbox, question: MakeQuestion, database: Database
) -> None:
    """What one process decides, another one on the database reads with the question."""
    other = Inbox(database, owner="two", lease=timedelta(minutes=1))
    for answer_on in (AnswerOn.NEVER, AnswerOn.MENTION, AnswerOn.NEVER):
        await inbox.policies.change(HERE, {"answer_on": answer_on}, "ada")
        accepted = await other.accept(question(manner=Manner.NAMED))
        assert accepted.new is (answer_on is AnswerOn.MENTION)


async def test_command_outside_of_threads_is_answered_privately(
    inbox: Inbox, question: MakeQuestion, database: Database
) -> None:
    """The note of where the answer goes says so."""
    await inbox.policies.change(HERE, {"answer_on": "threads"}, "ada")
    assert (await inbox.accept(question(manner=Manner.COMMAND))).reception is Reception.PRIVATE
    assert (await inbox.accept(question(manner=Manner.NAMED))).reception is Reception.CLOSED
    async with database.read() as session:
        [reply_to] = await session.scalars(select(Question.reply_to))
    assert reply_to == {"channel": "C1", "ts": "1.0", PRIVATELY: True}


async def test_what_is_let_go_leaves_no_trace(
    listening: Inbox, question: MakeQuestion, database: Database
) -> None:
    """The row and its conversation go; a conversation in which somebody asked the bot stays."""
    accepted = await overhear(listening, question)
    claim = await listening.claim_one(accepted.question_id)
    assert claim is not None
    assert claim.unasked
    assert claim.policy.answer_on is AnswerOn.QUESTIONS
    await listening.forget(accepted.question_id)
    assert await rows(database) == (0, 0, 0)
    await listening.accept(question(manner=Manner.NAMED))
    again = await overhear(listening, question)
    await listening.claim_one(again.question_id)
    await listening.forget(again.question_id)
    assert await rows(database) == (1, 1, 0)


async def test_only_its_worker_lets_it_go(listening: Inbox, question: MakeQuestion, database: Database) -> None:
    """Whoever has lost the claim changes nothing."""
    accepted = await overhear(listening, question)
    await listening.forget(accepted.question_id)
    assert await rows(database) == (1, 1, 0)


async def test_nobody_is_told_that_the_bot_is_busy(
    listening: Inbox, question: MakeQuestion, database: Database
) -> None:
    """What nobody had time for is forgotten without a word."""
    await overhear(listening, question)
    refused = await listening.refuse_waiting(
        ["slack"], Refusal("busy", 9), longer_than=timedelta(), shorter_than=timedelta(hours=1)
    )
    assert refused == []
    assert await rows(database) == (0, 0, 0)


async def test_limits_of_a_person_are_their_own_questions(
    listening: Inbox, question: MakeQuestion, database: Database
) -> None:
    """What they asked nobody does not count for them, and is passed over where the channel is full."""
    limits = Limits(person=Limit(1, 0), channel=Limit(2, 0), workspace=Limit(0, 0))
    inbox = Inbox(database, owner="two", lease=timedelta(minutes=1), limits=limits)
    assert (await overhear(inbox, question)).new
    asked = await inbox.accept(question(manner=Manner.NAMED))
    assert (asked.new, asked.refused) == (True, None)
    assert await overhear(inbox, question, thread="2.0", asker="U2") == NOT_HEARD
    assert await rows(database) == (2, 1, 0)


async def test_what_is_told_late_is_not_answered_unasked(listening: Inbox, question: MakeQuestion) -> None:
    """After an outage people have helped themselves."""
    said_at = datetime.now(UTC) - timedelta(minutes=5)
    assert await overhear(listening, question, said_at=said_at) == NOT_HEARD


@pytest.mark.parametrize("text", [None, "What I wanted to say"])
async def test_edited_or_deleted_it_is_forgotten(
    listening: Inbox, question: MakeQuestion, database: Database, text: str | None
) -> None:
    """It may be heard anew as it reads then; the worker that has it changes nothing any more."""
    accepted = await overhear(listening, question, identity="T1:C1:7")
    await listening.claim_one(accepted.question_id)
    assert await listening.reword("slack", "T1:C1:7", text) == accepted.question_id
    assert await rows(database) == (0, 0, 0)
    assert await listening.finish(accepted.question_id, SURE) is None
    assert (await overhear(listening, question, identity="T1:C1:7")).new


async def test_edit_that_names_the_bot_asks_it(
    listening: Inbox, question: MakeQuestion, database: Database
) -> None:
    """Then the asker waits for an answer, and it is no longer one that may be forgotten."""
    accepted = await overhear(listening, question, identity="T1:C1:7")
    await listening.claim_one(accepted.question_id)
    named = await listening.accept(question("Bot, where is it?", identity="T1:C1:7", manner=Manner.NAMED))
    assert (named.question_id, named.new) == (accepted.question_id, True)
    await listening.forget(accepted.question_id)
    claim = await listening.claim_one(accepted.question_id)
    assert claim is not None
    assert (claim.text, claim.unasked) == ("Bot, where is it?", False)
    assert not (await listening.accept(question(identity="T1:C1:7", manner=Manner.NAMED))).new


async def test_quiet_thread_stays_quiet(listening: Inbox, question: MakeQuestion) -> None:
    """Where the bot was told to stop, it answers nothing that it was not asked."""
    await listening.accept(question(manner=Manner.NAMED))
    assert await listening.set_quiet("slack", "T1", "C1", "1.0", is_quiet=True)
    assert await overhear(listening, question) == NOT_HEARD
    assert (await overhear(listening, question, thread="2.0")).new


async def test_who_was_answered_unasked_has_not_asked(listening: Inbox, question: MakeQuestion) -> None:
    """What they say next in the thread is for people, unless the bot is named."""
    accepted = await overhear(listening, question)
    await listening.claim_one(accepted.question_id)
    await listening.finish(accepted.question_id, SURE)
    assert await listening.accept_remark(remark("U1")) is Heard.NOT_OURS
    named = await listening.accept(question(manner=Manner.NAMED))
    await listening.claim_one(named.question_id)
    await listening.finish(named.question_id, SURE)
    assert await listening.accept_remark(remark("U1")) is Heard.FOLLOW_UP


async def test_thread_learns_its_channel(inbox: Inbox, question: MakeQuestion, database: Database) -> None:
    """Also one that was known before its platform said which channel it belongs to."""
    await inbox.accept(question())
    await inbox.accept(question(parent="C9", manner=Manner.NAMED))
    async with database.read() as session:
        assert await session.scalar(select(Channel.parent)) == "C9"
    await inbox.policies.change(
        Place(platform="slack", workspace="T1", channel="C9"), {"answer_on": "never"}, "ada"
    )
    assert await inbox.accept(question(manner=Manner.NAMED)) == NOT_HEARD
    async with database.write() as session:
        await session.execute(update(Channel).values(parent=None))
    assert await inbox.accept(question(parent="C9", manner=Manner.NAMED)) == NOT_HEARD

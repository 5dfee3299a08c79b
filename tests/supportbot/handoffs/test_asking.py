"""A hand-off from the click to its end, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from supportbot.db.models import Audit, Handoff, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import (
    AnswerSource,
    ExampleSource,
    HandoffState,
    OutboxKind,
    OutboxState,
    QuestionState,
)
from supportbot.delivery.outbox import Outbox as OutboxStore
from supportbot.feedback.curation.collect import collect
from supportbot.handoffs.asking import CannotAskError, Handoffs
from supportbot.handoffs.listing import UnknownHandoffError, count_open, listed, resolve_as_operator
from supportbot.handoffs.reminding import Reminders
from supportbot.handoffs.rows import Asked
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from supportbot.policies.store import Place, Policies
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.exporting import export_person
from supportbot.privacy.person import Person
from supportbot.privacy.retention import erase_old
from tests.policies import decide
from tests.supportbot.conftest import MakeQuestion

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE)
SURE = Reply(text="Tomorrow.", source=AnswerSource.GENERATED)
ASKER = "slack:T1:U1"
POST = "C9:7.0"
"""What Slack calls the message that asks people, in these tests."""


@pytest.fixture
def handoffs(database: Database, inbox: Inbox) -> Handoffs:
    """What asks humans."""
    return Handoffs(database, inbox)


async def answered(inbox: Inbox, question: MakeQuestion, reply: Reply = NOT_SURE, **changes: Any) -> int:
    """Bring a question as far as its answer; return that one's id."""
    accepted = await inbox.accept(question(**changes))
    await inbox.claim_one(accepted.question_id)
    answer_id = await inbox.finish(accepted.question_id, reply)
    assert answer_id is not None
    return answer_id


async def deliver(outbox: OutboxStore, *, platform: str = "slack") -> list[OutboxKind]:
    """Note everything that is due as shown; return of which kinds it was."""
    kinds = []
    while deliveries := await outbox.claim(platform, 10):
        for one in deliveries:
            identity = POST if one.kind is OutboxKind.POST else f"C1:{one.outbox_id}.5"
            await outbox.delivered(one.outbox_id, identity, kind=one.kind)
            kinds.append(one.kind)
    return kinds


async def asked(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> Asked:
    """Have a question asked on, whose people have their message."""
    await decide(database, "slack", "T1", handoff_target="C9", handoff_reminder_minutes=10)
    answer_id = await answered(inbox, question)
    await deliver(outbox)
    result = await handoffs.ask(answer_id, ASKER, workspace="T1")
    assert sorted(await deliver(outbox)) == ["post", "told"]
    return result


def remark(text: str = "Hold the button.", **changes: Any) -> Remark:
    """Return what a colleague said below the message that asked them."""
    values = {
        "platform": "slack",
        "workspace": "T1",
        "channel": "C9",
        "thread": "7.0",
        "replied_to": POST,
        "identity": "T1:C9:8.0",
        "author": "U2",
        "signed": "U2",
        **changes,
    }
    return Remark(text=text, **values)


async def rows(database: Database, kind: OutboxKind) -> list[Outbox]:
    """Return the rows of the outbox that are of a kind."""
    async with database.read() as session:
        return list(await session.scalars(select(Outbox).where(Outbox.kind == kind).order_by(Outbox.id)))


async def only(database: Database) -> Handoff:
    """Return the one hand-off that there is."""
    async with database.read() as session:
        return (await session.scalars(select(Handoff))).one()


async def test_asked_once(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """However many click at once, people are asked once, and the asker is told once."""
    await decide(database, "slack", "T1", handoff_target="C9")
    answer_id = await answered(inbox, question)
    people = [f"slack:T1:U{number}" for number in range(6)]
    results = await asyncio.gather(*(handoffs.ask(answer_id, one, workspace="T1") for one in people))
    assert [result.new for result in results].count(True) == 1
    assert len({result.handoff_id for result in results}) == 1
    assert sorted(await deliver(outbox)) == ["post", "reply", "told"]
    handoff = await only(database)
    assert (handoff.state, handoff.target, handoff.post_identity) == (HandoffState.OPEN, "C9", POST)
    async with database.read() as session:
        (deed,) = await session.scalars(select(Audit).where(Audit.action == "handoff.ask"))
        question_row = await session.get(Question, handoff.question_id)
    assert (deed.actor, deed.subject) == ("somebody on slack", f"handoff:{handoff.id}")
    assert question_row is not None
    assert question_row.state is QuestionState.DELIVERED


async def test_not_from_elsewhere(
    database: Database, inbox: Inbox, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Numbers of answers are easily guessed: who is in another workspace asks nobody."""
    await decide(database, "slack", "T1", handoff_target="C9")
    answer_id = await answered(inbox, question)
    for person, workspace in (("slack:T2:U1", "T2"), ("discord:1", None)):
        with pytest.raises(CannotAskError, match="no longer available"):
            await handoffs.ask(answer_id, person, workspace=workspace)
    assert await rows(database, OutboxKind.POST) == []


@pytest.mark.parametrize("target", [None, "the team", "discord:700"])
async def test_nobody_to_ask(
    database: Database, inbox: Inbox, handoffs: Handoffs, question: MakeQuestion, target: str | None
) -> None:
    """A target that is gone, or is none, is told to who clicks, and the operator hears of the latter."""
    await decide(database, "slack", "T1", handoff_target=target)
    answer_id = await answered(inbox, question)
    with capture_logs() as lines, pytest.raises(CannotAskError, match="ask a member of the team"):
        await handoffs.ask(answer_id, ASKER, workspace="T1")
    assert [line["event"] for line in lines] == (["handoff.target_unreadable"] if target else [])


async def test_what_waits_in_a_workspace(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """What nobody has answered is counted and listed, the oldest first; what is closed or elsewhere is not."""
    first = await asked(database, inbox, outbox, handoffs, question)
    for number in (2, 3):
        answer_id = await answered(inbox, question, thread=f"{number}.0", channel=f"C{number}")
        await handoffs.ask(answer_id, ASKER, workspace="T1")
    await decide(database, "slack", "T2", handoff_target="C9")
    elsewhere = await answered(inbox, question, workspace="T2", thread="4.0")
    await handoffs.ask(elsewhere, "slack:T2:U1", workspace="T2")
    waiting = await handoffs.waiting("slack", "T1", most=2)
    assert waiting.count == 3
    assert [(one.channel, one.post_identity) for one in waiting.oldest] == [("C1", POST), ("C2", None)]
    await resolve_as_operator(database, first.handoff_id, "ada")
    waiting = await handoffs.waiting("slack", "T1", most=2)
    assert (waiting.count, [one.channel for one in waiting.oldest]) == (2, ["C2", "C3"])
    assert (await handoffs.waiting("slack", "T3", most=2)).count == 0


async def test_answer_from_elsewhere_is_passed_on(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """What a person writes below the message that asked them stops the clock, is kept, and goes to the asker."""
    waited: list[timedelta] = []
    inbox = Inbox(database, "one", timedelta(minutes=1), on_first_reply=waited.append)
    await asked(database, inbox, outbox, handoffs, question)
    assert await inbox.accept_remark(remark()) is Heard.KEPT
    assert await inbox.accept_remark(remark()) is Heard.DROPPED  # delivered again
    assert await inbox.accept_remark(remark("Or ask Ada.", identity="T1:C9:9.0")) is Heard.KEPT
    assert await inbox.accept_remark(remark("Thanks", author="U1", identity="T1:C9:9.1")) is Heard.NOT_OURS
    handoff = await only(database)
    assert handoff.state is HandoffState.ANSWERED
    assert handoff.first_reply_at is not None
    assert waited == [handoff.first_reply_at - handoff.asked_at]
    relays = await rows(database, OutboxKind.RELAY)
    assert [relay.note and relay.note["author"] for relay in relays] == ["U2", "U2"]
    first = await outbox.claim("slack", 1)
    assert (first[0].channel, first[0].text, first[0].kind) == ("C1", "Hold the button.", OutboxKind.RELAY)
    await outbox.delivered(first[0].outbox_id, "C1:20.0", kind=first[0].kind)
    assert await deliver(outbox) == ["relay"]
    (exchange,) = await History(database).recent(5)
    assert exchange.by_people == ("Hold the button.", "Or ask Ada.")
    collected = await collect(database)
    assert collected.new[ExampleSource.HUMAN] == 2


async def test_answer_comes_before_the_name_of_the_message_is_known(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """People may answer a message whose sender ended before it noted its name; the answer waits for that."""
    await decide(database, "slack", "T1", handoff_target="C9")
    answer_id = await answered(inbox, question)
    await deliver(outbox)
    assert await inbox.accept_remark(remark(identity="T1:C9:6.0")) is Heard.NOT_OURS
    await handoffs.ask(answer_id, ASKER, workspace="T1")
    claimed = await outbox.claim("slack", 5)
    hearing = asyncio.create_task(inbox.accept_remark(remark()))
    for one in claimed:
        await outbox.delivered(one.outbox_id, POST if one.kind is OutboxKind.POST else "C1:9.0", kind=one.kind)
    assert await hearing is Heard.KEPT


async def test_answer_where_it_was_asked_is_not_passed_on(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Who answers in the asker's thread is read there; the clock stops as well, also under a sure answer."""
    await decide(database, "slack", "T1", handoff_target="C9", handoff_everywhere=True)
    answer_id = await answered(inbox, question, SURE)
    there = {"channel": "C1", "thread": "1.0", "replied_to": "C1:1.0", "identity": "T1:C1:5.0"}
    assert await inbox.accept_remark(remark(**there)) is Heard.NOT_OURS
    await handoffs.ask(answer_id, ASKER, workspace="T1")
    assert await inbox.accept_remark(remark(**there)) is Heard.KEPT
    assert (await only(database)).state is HandoffState.ANSWERED
    assert await rows(database, OutboxKind.RELAY) == []


async def test_people_of_the_same_channel_are_asked_in_a_thread_of_their_own(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Where the target is the channel of the question, what is written in their thread is passed on as well."""
    await asked(database, inbox, outbox, handoffs, question)
    async with database.write() as session:
        await session.execute(update(Handoff).values(target="C1", post_identity="C1:7.0"))
    said = remark(channel="C1", replied_to="C1:7.0", identity="T1:C1:8.0")
    assert await inbox.accept_remark(said) is Heard.KEPT
    assert len(await rows(database, OutboxKind.RELAY)) == 1


async def test_reply_to_what_the_asker_was_told(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Where a reply names a message, as in Discord, one to the word that people are asked is an answer."""
    await asked(database, inbox, outbox, handoffs, question)
    told = (await only(database)).told_identity
    assert told is not None
    said = remark(channel="C1", thread=None, replied_to=told, identity="T1:C1:5.0")
    assert await inbox.accept_remark(said) is Heard.KEPT
    assert await rows(database, OutboxKind.RELAY) == []
    elsewhere = remark(workspace="T2", channel="C1", thread=None, replied_to=told, identity="T2:C1:5.1")
    assert await inbox.accept_remark(elsewhere) is Heard.NOT_OURS


async def test_asked_by_a_command(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """A question that is for a human goes to them at once, and its asker has the word as the answer; once."""
    await decide(database, "slack", "T1", handoff_target="C9")
    incoming = question("human how do I reset it?")
    accepted = await handoffs.ask_at_once(incoming)
    again = await handoffs.ask_at_once(incoming)
    assert accepted is not None
    assert again is not None
    assert (accepted.new, again.new) == (True, False)
    assert await inbox.claim(["slack"], 5) == []  # nothing for the model
    assert sorted(await deliver(outbox)) == ["post", "reply"]
    (reply,) = await rows(database, OutboxKind.REPLY)
    assert reply.note is not None
    assert reply.note["target"] == "C9"
    (exchange,) = await History(database).recent(5)
    assert (exchange.question, exchange.state) == ("how do I reset it?", QuestionState.DELIVERED)


async def test_asked_by_a_command_in_a_new_thread(
    database: Database, inbox: Inbox, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """In a thread that nothing was heard from yet, people are asked as its channel's policy says."""
    place = Place(platform="discord", workspace="8", channel="1")
    await Policies(database).change(place, {"handoff_target": "9"}, "Ada")
    incoming = question("human how do I reset it?", platform="discord", workspace="8", channel="2", parent="1")
    accepted = await handoffs.ask_at_once(incoming)
    assert accepted is not None
    assert (await only(database)).target == "9"


async def test_command_for_the_bot(database: Database, handoffs: Handoffs, question: MakeQuestion) -> None:
    """Without a target, in an unknown workspace, and without a question, all of it is for the bot."""
    assert await handoffs.ask_at_once(question("human how do I reset it?")) is None
    await decide(database, "slack", "T1")
    assert await handoffs.ask_at_once(question("human how do I reset it?")) is None
    await decide(database, "slack", "T1", handoff_target="C9")
    assert await handoffs.ask_at_once(question("human resources opening hours")) is None


async def test_nobody_is_reached(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Where people can't be asked, the asker is told so, and their question stays answered."""
    await decide(database, "slack", "T1", handoff_target="C9")
    answer_id = await answered(inbox, question)
    await deliver(outbox)
    await handoffs.ask(answer_id, ASKER, workspace="T1")
    claimed = {one.kind: one.outbox_id for one in await outbox.claim("slack", 5)}
    assert await outbox.give_up(claimed[OutboxKind.POST], "no such channel", kind=OutboxKind.POST) == "slack"
    await outbox.delivered(claimed[OutboxKind.TOLD], "C1:2.0", kind=OutboxKind.TOLD)
    (word,) = await rows(database, OutboxKind.UNREACHED)
    assert word.state is OutboxState.PENDING
    assert (await only(database)).state is HandoffState.UNREACHED
    with pytest.raises(CannotAskError, match="couldn't reach"):
        await handoffs.ask(answer_id, ASKER, workspace="T1")
    async with database.read() as session:
        assert await session.scalar(select(Question.state)) is QuestionState.DELIVERED
    assert word.id in {one.outbox_id for one in await outbox.claim("slack", 5)}
    await outbox.give_up(word.id, "gone", kind=word.kind)
    async with database.read() as session:
        assert await session.scalar(select(Question.state)) is QuestionState.DELIVERED


async def test_closed_before_anybody_was_reached(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """What was closed stays closed when its people can't be asked, and its asker is not told of that."""
    await decide(database, "slack", "T1", handoff_target="C9")
    result = await handoffs.ask(await answered(inbox, question), ASKER, workspace="T1")
    (post,) = [one for one in await outbox.claim("slack", 5) if one.kind is OutboxKind.POST]
    await resolve_as_operator(database, result.handoff_id, "Ada")
    assert await outbox.give_up(post.outbox_id, "no such channel", kind=OutboxKind.POST) is None
    assert (await only(database)).state is HandoffState.RESOLVED
    assert await rows(database, OutboxKind.UNREACHED) == []


async def test_post_has_the_lane_of_its_channel(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Two questions of two channels ask people in one: that one gets a message at a time."""
    await decide(database, "slack", "T1", handoff_target="C9")
    answers = [await answered(inbox, question, channel=channel) for channel in ("C1", "C2")]
    await deliver(outbox)
    for answer_id in answers:
        await handoffs.ask(answer_id, ASKER, workspace="T1")
    claimed = await outbox.claim("slack", 10)
    assert sorted(one.kind for one in claimed) == ["post", "told", "told"]
    (post,) = [one for one in claimed if one.kind is OutboxKind.POST]
    await outbox.delivered(post.outbox_id, POST, kind=post.kind, pause=60.0)
    assert await outbox.claim("slack", 10) == []  # the channel of the people has its pause


async def test_resolved_by_who_may(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Who is in the workspace closes it, once; who is elsewhere does only from the message that asks them."""
    result = await asked(database, inbox, outbox, handoffs, question)
    for clicked in (None, "C9:8.0"):
        with pytest.raises(UnknownHandoffError):
            await handoffs.resolve(result.handoff_id, "slack:T2:U9", workspace="T2", clicked=clicked)
    with pytest.raises(UnknownHandoffError):
        await handoffs.resolve(result.handoff_id, "discord:9", workspace=None, clicked=POST)
    assert await handoffs.resolve(result.handoff_id, "slack:T2:U9", workspace="T2", clicked=POST)
    assert not await handoffs.resolve(result.handoff_id, ASKER, workspace="T1", clicked=None)
    assert (await only(database)).state is HandoffState.RESOLVED
    with pytest.raises(UnknownHandoffError, match="handoffs list"):
        await resolve_as_operator(database, result.handoff_id + 1, "Ada")


async def test_listed(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """What is open comes first, the oldest at the top; what is closed is left out where only open ones count."""
    await decide(database, "slack", "T1", handoff_target="C9")
    results = []
    for number in range(3):
        answer_id = await answered(inbox, question, text=f"question {number}?", thread=f"{number}.0")
        results.append(await handoffs.ask(answer_id, ASKER, workspace="T1"))
    assert await resolve_as_operator(database, results[0].handoff_id, "Ada")
    open_ones = await listed(database, unresolved_only=True, limit=10)
    assert [one.question for one in open_ones] == ["question 1?", "question 2?"]
    everything = await listed(database, unresolved_only=False, limit=10)
    assert [one.question for one in everything] == ["question 1?", "question 2?", "question 0?"]
    assert await count_open(database) == 2


async def test_reminded_once(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Two daemons that look at the same time remind once, after the minutes of the policy; answered ones never."""
    await asked(database, inbox, outbox, handoffs, question)
    daemons = [Reminders(database), Reminders(database)]
    assert [await one.look() for one in daemons] == [0, 0]
    async with database.write() as session:
        await session.execute(update(Handoff).values(asked_at=datetime.now(UTC) - timedelta(minutes=11)))
    assert sum(await asyncio.gather(*(one.look() for one in daemons))) == 1
    (reminder,) = await rows(database, OutboxKind.REMINDER)
    assert reminder.channel == "C9"
    assert reminder.note is not None
    assert reminder.note["post"] == POST
    await deliver(outbox)
    assert await daemons[0].look() == 0


async def test_answered_is_not_reminded(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Who has answered is not reminded."""
    await asked(database, inbox, outbox, handoffs, question)
    await inbox.accept_remark(remark())
    async with database.write() as session:
        await session.execute(update(Handoff).values(asked_at=datetime.now(UTC) - timedelta(minutes=11)))
    assert await Reminders(database).look() == 0


async def test_the_asker_takes_it_along(
    database: Database,
    inbox: Inbox,
    outbox: OutboxStore,
    handoffs: Handoffs,
    question: MakeQuestion,
    tmp_path: Path,
) -> None:
    """Who asked has it handed out without who closed it, and erased with all that belongs to it."""
    result = await asked(database, inbox, outbox, handoffs, question)
    await inbox.accept_remark(remark())
    await handoffs.resolve(result.handoff_id, "slack:T1:U2", workspace="T1", clicked=None)
    person = Person(platform="slack", user="U1")
    (exported,) = (await export_person(database, person))["questions"]
    (handoff,) = exported["handoffs"]
    assert (handoff["state"], handoff["target"]) == ("resolved", "C9")
    assert "resolved_by" not in handoff
    assert "U2" not in str(exported)
    erased = await Privacy(database, tmp_path).erase(person, "Ada", wait_seconds=0)
    assert erased.counts["hand-offs"] == 1
    async with database.read() as session:
        for model in (Handoff, Outbox):
            assert await session.scalar(select(func.count()).select_from(model)) == 0


async def test_who_answered_and_closed_takes_that_along(
    database: Database,
    inbox: Inbox,
    outbox: OutboxStore,
    handoffs: Handoffs,
    question: MakeQuestion,
    tmp_path: Path,
) -> None:
    """A colleague's answer goes with what was passed on of it, and nothing says any more that they closed it."""
    result = await asked(database, inbox, outbox, handoffs, question)
    await inbox.accept_remark(remark())
    await handoffs.resolve(result.handoff_id, "slack:T1:U2", workspace="T1", clicked=None)
    person = Person(platform="slack", user="U2")
    exported = await export_person(database, person)
    assert [one["id"] for one in exported["handoffs_closed"]] == [result.handoff_id]
    erased = await Privacy(database, tmp_path).erase(person, "Ada", wait_seconds=0)
    assert (erased.counts["answers they wrote"], erased.counts["hand-offs they closed"]) == (1, 1)
    assert await rows(database, OutboxKind.RELAY) == []
    handoff = await only(database)
    assert (handoff.state, handoff.resolved_by) == (HandoffState.RESOLVED, None)


async def test_retention_ends_it(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """A hand-off goes with its question when that is too old."""
    await asked(database, inbox, outbox, handoffs, question)
    async with database.write() as session:
        await session.execute(update(Question).values(received_at=datetime.now(UTC) - timedelta(days=9)))
    await erase_old(database, 7)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Handoff)) == 0

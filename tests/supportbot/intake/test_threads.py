"""Who is meant by what is said in a thread that the bot has answered in, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supportbot.db.states import AnswerSource
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE)
SURE = Reply(text="Tomorrow.", source=AnswerSource.APPROVED)
THREAD = ("slack", "T1", "C1", "1.0")


def remark(author: str, **changes: Any) -> Remark:
    """Return what somebody said in the thread of the questions that are made here."""
    platform, workspace, channel, thread = THREAD
    values: dict[str, Any] = {
        "platform": platform,
        "workspace": workspace,
        "channel": channel,
        "thread": thread,
        "replied_to": None,
        "identity": f"T1:C1:{author}",
        "author": author,
        "text": "And how long does that take?",
        **changes,
    }
    return Remark(**values)


@pytest.fixture
async def answered(inbox: Inbox, question: MakeQuestion) -> Inbox:
    """U1 has asked, and the bot has answered."""
    await answer(inbox, question)
    return inbox


async def answer(inbox: Inbox, question: MakeQuestion, reply: Reply = SURE, **changes: Any) -> None:
    """Bring a question as far as its answer."""
    accepted = await inbox.accept(question(**changes))
    assert await inbox.claim_one(accepted.question_id)
    assert await inbox.finish(accepted.question_id, reply) is not None


async def heard(inbox: Inbox, *remarks: Remark) -> list[Heard]:
    """Return what becomes of remarks, one after the other."""
    return [await inbox.accept_remark(one) for one in remarks]


async def test_who_has_asked_may_go_on(answered: Inbox) -> None:
    """The asker's next message is a follow-up, also if it is heard twice; what others say is not for the bot."""
    assert await heard(answered, remark("U1"), remark("U1")) == [Heard.FOLLOW_UP] * 2
    assert await heard(answered, remark("U1", thread="9.0"), remark("U1", workspace="T2")) == [Heard.NOT_OURS] * 2


async def test_nothing_is_for_the_bot_where_it_has_said_nothing(inbox: Inbox, question: MakeQuestion) -> None:
    """A question that waits for its answer makes no thread of the bot's yet."""
    await inbox.accept(question())
    assert await heard(inbox, remark("U1")) == [Heard.NOT_OURS]


async def test_people_who_talk_to_each_other_are_left_alone(answered: Inbox, question: MakeQuestion) -> None:
    """After a colleague has spoken, the asker speaks to them, until the bot is named again."""
    talk = [remark("U2"), remark("U1"), remark("U1"), remark("U2")]
    assert await heard(answered, remark("U2", text="👍"), remark("U1")) == [Heard.NOT_OURS, Heard.FOLLOW_UP]
    assert await heard(answered, *talk) == [Heard.NOT_OURS] * 4
    await answer(answered, question)
    assert await heard(answered, remark("U1")) == [Heard.FOLLOW_UP]


async def test_naming_somebody_else_is_talk(answered: Inbox) -> None:
    """Who names a colleague waits for them, and goes on talking to them."""
    assert (
        await heard(answered, remark("U1", names_others=True), remark("U2"), remark("U1")) == [Heard.NOT_OURS] * 3
    )


async def test_asker_may_say_it_in_other_words(inbox: Inbox, question: MakeQuestion) -> None:
    """After a hand-off the asker may ask anew; once a person has answered, they are in conversation."""
    await answer(inbox, question, NOT_SURE)
    said = [remark("U1"), remark("U2"), remark("U1")]
    assert await heard(inbox, *said) == [Heard.FOLLOW_UP, Heard.KEPT, Heard.NOT_OURS]


async def test_answer_of_a_person_that_is_read_back_is_no_new_talk(inbox: Inbox, question: MakeQuestion) -> None:
    """What a colleague said before the newest question does not keep the asker from going on."""
    await answer(inbox, question, NOT_SURE)
    past = datetime.now(UTC) - timedelta(minutes=5)
    said = [remark("U2", said_at=past), remark("U1")]
    assert await heard(inbox, *said) == [Heard.KEPT, Heard.FOLLOW_UP]


async def test_told_to_be_quiet(answered: Inbox, question: MakeQuestion) -> None:
    """A quiet bot answers who names it, and nobody else, until it is told otherwise."""
    assert await answered.set_quiet(*THREAD, is_quiet=True)
    await answer(answered, question)
    assert await heard(answered, remark("U1")) == [Heard.NOT_OURS]
    assert await answered.set_quiet(*THREAD, is_quiet=False)
    assert await heard(answered, remark("U1")) == [Heard.FOLLOW_UP]
    assert not await answered.set_quiet("slack", "T1", "C1", "9.0", is_quiet=True)


async def test_the_order_of_hearing_is_no_matter(inbox: Inbox, question: MakeQuestion) -> None:
    """What is heard again or late means what it meant when it was said, were it a second before a question."""
    asked = datetime.now(UTC)

    def after(seconds: int) -> datetime:
        return asked + timedelta(seconds=seconds)

    await answer(inbox, question, said_at=asked)
    talk = [remark("U2", said_at=after(1)), remark("U1", said_at=after(2))]
    assert await heard(inbox, *talk) == [Heard.NOT_OURS] * 2
    await answer(inbox, question, said_at=after(3))
    assert await heard(inbox, *talk) == [Heard.NOT_OURS] * 2
    assert await heard(inbox, remark("U1", said_at=after(5)), remark("U1", said_at=after(4))) == [
        Heard.FOLLOW_UP,
        Heard.FOLLOW_UP,
    ]
    assert await heard(inbox, remark("U1", said_at=asked - timedelta(seconds=1))) == [Heard.NOT_OURS]


async def test_what_is_read_back_changes_nothing_later(answered: Inbox, question: MakeQuestion) -> None:
    """Old talk that is heard once more after a restart changes nothing; a missed follow-up is heard."""
    now = datetime.now(UTC)
    assert await heard(answered, remark("U2", said_at=now - timedelta(minutes=5))) == [Heard.NOT_OURS]
    assert await heard(answered, remark("U1", said_at=now + timedelta(minutes=1))) == [Heard.FOLLOW_UP]

"""Who answers instead of the bot: what is kept of it and what is not, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from supportbot.db.models import Answer, Example
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleSource, ExampleStatus, QuestionState
from supportbot.delivery.outbox import Outbox
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.intake.handoff import MAX_ANSWERS, MAX_LENGTH, Heard, Remark
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Reply
from supportbot.service import Service
from tests.supportbot.conftest import MakeQuestion

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE, draft="It is blue.")
SURE = Reply(text="Tomorrow.", source=AnswerSource.GENERATED, model_version="starter", confidence=-0.2)


def remark(text: str = "Hold the button for ten seconds.", **changes: str | None) -> Remark:
    """Return what a colleague said in the thread of the questions that are made here."""
    values: dict[str, Any] = {
        "platform": "slack",
        "workspace": "T1",
        "channel": "C1",
        "thread": "1.0",
        "replied_to": None,
        "identity": "T1:C1:2.0",
        "author": "U2",
        **changes,
    }
    return Remark(text=text, **values)


@pytest.fixture
def history(database: Database) -> History:
    """The log."""
    return History(database)


async def answered(inbox: Inbox, question: MakeQuestion, reply: Reply = NOT_SURE, **changes: Any) -> int:
    """Bring a question as far as its answer; return its id."""
    state = changes.pop("state", QuestionState.ANSWERED)
    accepted = await inbox.accept(question(**changes))
    await inbox.claim_one(accepted.question_id)
    assert await inbox.finish(accepted.question_id, reply, state=state) is not None
    return accepted.question_id


async def people(history: History, question_id: int) -> list[str]:
    """Return what people answered to a question."""
    exchange = await history.exchange(question_id)
    assert exchange is not None
    return list(exchange.by_people)


async def test_person_answers_after_the_bot_was_not_sure(
    inbox: Inbox, history: History, question: MakeQuestion
) -> None:
    """What a colleague writes in the thread is kept beside the bot's answer, which stays what it was."""
    question_id = await answered(inbox, question)
    before = await history.exchange(question_id)
    assert await inbox.accept_remark(remark(" Hold the button.\n")) is Heard.KEPT
    after = await history.exchange(question_id)
    assert before is not None
    assert after is not None
    assert after.by_people == ("Hold the button.",)
    assert (after.answer_id, after.answer, after.source) == (
        before.answer_id,
        NOT_SURE.text,
        AnswerSource.NOT_SURE,
    )
    assert len(await history.recent(10)) == 1


async def test_delivery_and_the_outbox_pass_over_people(
    inbox: Inbox, outbox: Outbox, database: Database, history: History, question: MakeQuestion
) -> None:
    """An answer of a person is never sent anywhere, also if it comes before the bot's is delivered."""
    question_id = await answered(inbox, question)
    await inbox.accept_remark(remark())
    (delivery,) = await outbox.claim("slack", 10)
    await outbox.delivered(delivery.outbox_id, "C1:1.5")
    assert delivery.text == NOT_SURE.text
    assert await outbox.claim("slack", 10) == []
    assert await inbox.claim(["slack"], 10) == []
    async with database.read() as session:
        identities = list(await session.scalars(select(Answer.reply_identity).order_by(Answer.id)))
    assert identities == ["C1:1.5", "slack:T1:C1:2.0"]
    await inbox.accept_remark(remark(identity="T1:C1:3.0"))
    assert len(await people(history, question_id)) == 2


async def test_second_delivery_changes_nothing(inbox: Inbox, history: History, question: MakeQuestion) -> None:
    """The same message heard again, at once or at the same moment, is one row, and no question either."""
    question_id = await answered(inbox, question)
    first = await asyncio.gather(*(inbox.accept_remark(remark()) for _ in range(6)))
    again = await inbox.accept_remark(remark())
    assert sorted(heard is Heard.KEPT for heard in first) == [False] * 5 + [True]
    assert {*first, again} == {Heard.KEPT, Heard.DROPPED}
    assert len(await people(history, question_id)) == 1


async def test_each_message_is_an_answer_up_to_a_limit(
    inbox: Inbox, history: History, question: MakeQuestion
) -> None:
    """Several people, or one with several messages, give several answers; the talk after them is dropped."""
    question_id = await answered(inbox, question)
    heard = [
        await inbox.accept_remark(remark(f"answer {n}", identity=f"T1:C1:{n}.5", author=f"U{n + 2}"))
        for n in range(MAX_ANSWERS + 2)
    ]
    assert heard == [Heard.KEPT] * MAX_ANSWERS + [Heard.DROPPED] * 2
    assert await people(history, question_id) == [f"answer {n}" for n in range(MAX_ANSWERS)]


@pytest.mark.parametrize("text", ["", "  ", "👍", "\u200b"])
async def test_message_without_words_is_dropped(
    inbox: Inbox, history: History, question: MakeQuestion, text: str
) -> None:
    """A sticker or a thumb under the hand-off is no answer."""
    question_id = await answered(inbox, question)
    assert await inbox.accept_remark(remark(text)) is Heard.DROPPED
    assert await people(history, question_id) == []


async def test_long_message_is_cut(inbox: Inbox, history: History, question: MakeQuestion) -> None:
    """No more is kept of a message than of a correction."""
    question_id = await answered(inbox, question)
    await inbox.accept_remark(remark("é" * (MAX_LENGTH + 1)))
    assert await people(history, question_id) == ["é" * MAX_LENGTH]


NOT_OURS: dict[str, Remark] = {
    "another thread": remark(thread="9.0"),
    "another channel": remark(channel="C2"),
    "another workspace": remark(workspace="T2"),
    "another platform": remark(platform="discord"),
    "nowhere": remark(thread=None),
    "a reply to something else": remark(thread=None, replied_to="C1:9.9"),
}


@pytest.mark.parametrize("said", NOT_OURS.values(), ids=NOT_OURS)
async def test_whatever_else_is_heard_leaves_no_trace(
    inbox: Inbox, database: Database, question: MakeQuestion, said: Remark
) -> None:
    """Outside the thread of a hand-off nothing is written, and nothing is logged at all."""
    await answered(inbox, question)
    service = Service(inbox, Votes(database), Suggestions(database), History(database), Live(), asyncio.Event())
    with capture_logs() as lines:
        assert await service.hearing.overhear(said) is Heard.NOT_OURS
    assert lines == []
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Answer)) == 1


async def test_talk_waits_for_nobody(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """What is none of ours is dropped without the lock that writing takes, so that a busy channel costs little."""
    await answered(inbox, question)
    async with database.write(), asyncio.timeout(5):
        assert await inbox.accept_remark(remark(thread="9.0")) is Heard.NOT_OURS
        await inbox.change_remark("slack", "T1:C1:9.0", None)


async def test_text_of_a_person_is_not_logged(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """The log says that somebody answered, and neither what nor who."""
    await answered(inbox, question)
    service = Service(inbox, Votes(database), Suggestions(database), History(database), Live(), asyncio.Event())
    with capture_logs() as lines:
        assert [await service.hearing.overhear(remark()) for _ in range(2)] == [Heard.KEPT, Heard.DROPPED]
    assert [line["event"] for line in lines] == ["handoff.answered"]
    assert not {"U2", remark().text} & set(map(str, lines[0].values()))


@pytest.mark.parametrize("state", [QuestionState.FAILED, QuestionState.EXPIRED])
async def test_failure_is_no_hand_off(inbox: Inbox, question: MakeQuestion, state: QuestionState) -> None:
    """Where the bot failed or was away it apologised and handed nothing off, so nothing is overheard there."""
    await answered(inbox, question, state=state)
    assert await inbox.accept_remark(remark()) is Heard.NOT_OURS


async def test_hand_off_is_over_when_the_bot_answers(
    inbox: Inbox, history: History, question: MakeQuestion
) -> None:
    """While a new question waits the hand-off still stands; a sure answer ends it, and another unsure one begins
    another."""
    first = await answered(inbox, question)
    accepted = await inbox.accept(question())
    assert await inbox.accept_remark(remark(identity="T1:C1:3.0")) is Heard.KEPT
    await inbox.claim_one(accepted.question_id)
    await inbox.finish(accepted.question_id, SURE)
    assert await inbox.accept_remark(remark(identity="T1:C1:4.0")) is Heard.NOT_OURS
    last = await answered(inbox, question)
    assert await inbox.accept_remark(remark("At last.", identity="T1:C1:5.0")) is Heard.KEPT
    assert (len(await people(history, first)), await people(history, last)) == (1, ["At last."])


async def test_reply_to_the_answer_itself_is_enough(
    inbox: Inbox, outbox: Outbox, history: History, question: MakeQuestion
) -> None:
    """Where a conversation is a whole channel, a reply to the bot's message answers that very question."""
    changes: dict[str, Any] = {"platform": "discord", "workspace": "G1", "thread": "C1"}
    first = await answered(inbox, question, **changes)
    await answered(inbox, question, SURE, **changes)
    for number, delivery in enumerate(await outbox.claim("discord", 10)):
        await outbox.delivered(delivery.outbox_id, str(100 + number))
    to_first = remark(platform="discord", workspace="G1", thread=None, replied_to="100")
    to_second = remark(platform="discord", workspace="G1", thread=None, replied_to="101", identity="202")
    assert await inbox.accept_remark(to_first) is Heard.KEPT
    assert await inbox.accept_remark(to_second) is Heard.NOT_OURS
    assert len(await people(history, first)) == 1


async def test_question_heard_again_stays_a_question(inbox: Inbox, question: MakeQuestion) -> None:
    """A message that was asked before the hand-off is not made an answer by a second delivery."""
    await inbox.accept(question(identity="T1:C1:2.0", asker="U2"))
    await answered(inbox, question)
    assert await inbox.accept_remark(remark()) is Heard.FOLLOW_UP  # which is asked, and then known


async def test_answer_follows_its_author(
    inbox: Inbox, database: Database, history: History, question: MakeQuestion
) -> None:
    """An edit changes the answer and its candidate; deleting the message removes both."""
    question_id = await answered(inbox, question)
    await inbox.accept_remark(remark("Hold it for 10 minutes."))
    store = ExampleStore(database)
    await collect(database)
    await inbox.change_remark("slack", "T1:C1:2.0", "Hold it for 10 seconds.")
    await inbox.change_remark("slack", "T1:C1:9.0", "Something else.")
    assert await people(history, question_id) == ["Hold it for 10 seconds."]
    assert (await collect(database)).new[ExampleSource.HUMAN] == 1
    assert [candidate.answer for candidate in await store.ranked()] == ["Hold it for 10 seconds."]
    await inbox.change_remark("slack", "T1:C1:2.0", "Hold it for 10 seconds.")  # no change, as when a link unfurls
    assert len(await store.ranked()) == 1
    await inbox.change_remark("slack", "T1:C1:2.0", None)
    assert await people(history, question_id) == []
    assert await store.ranked() == []


async def test_what_a_curator_decided_stays(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """An approved candidate outlives the message, in its redacted form."""
    await answered(inbox, question)
    await inbox.accept_remark(remark("Write to ada@example.com."))
    await collect(database)
    store = ExampleStore(database)
    (candidate,) = await store.ranked()
    await store.decide([candidate.example_id], Decision.APPROVE, "Ada")
    await inbox.change_remark("slack", "T1:C1:2.0", None)
    (approved,) = await store.ranked(ExampleStatus.APPROVED)
    assert "ada@example.com" not in approved.answer
    async with database.read() as session:
        assert await session.scalar(select(Example.origin_answer_id)) is None


async def test_edit_to_nothing_is_a_deletion(inbox: Inbox, history: History, question: MakeQuestion) -> None:
    """An answer that says nothing any more is no answer."""
    question_id = await answered(inbox, question)
    await inbox.accept_remark(remark())
    await inbox.change_remark("slack", "T1:C1:2.0", "…")
    assert await people(history, question_id) == []


async def test_person_becomes_a_candidate(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """What was overheard is collected once, with the asker's question, and the bot's "not sure" is not."""
    await answered(inbox, question, text="How do I reset it?")
    await inbox.accept_remark(remark())
    collected = await collect(database)
    assert (collected.new[ExampleSource.HUMAN], sum(collected.new.values())) == (1, 1)
    (candidate,) = await ExampleStore(database).ranked()
    assert (candidate.question, candidate.answer) == ("How do I reset it?", remark().text)
    assert candidate.source is ExampleSource.HUMAN
    assert candidate.rejected is None

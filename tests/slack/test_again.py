"""Another sample, and a question asked again after an edit, in Slack."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.again import REWORDED_TEXT, TRIED_ALREADY_TEXT
from bot.slack.again import read_click
from bot.slack.views import ASKED_ALREADY_TEXT
from supportbot.db.models import Question
from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Reply
from tests.slack.conftest import Bot
from tests.slack.test_asking_human import press
from tests.slack_server import LocalSlack
from tests.slack_server.payloads import buttons_of
from tests.slack_server.records import Ephemeral, Message
from tests.slack_server.state import BOT_USER

TRY, ASK = "Try again", "Ask again"


def labels(shown: Message | Ephemeral) -> list[str]:
    """Return what the buttons of a message say, thumbs aside."""
    return [button["text"]["text"] for button in buttons_of(shown)]


async def asked(slack: LocalSlack, bot: Bot, text: str = "how?", user: str = "U1") -> Message:
    """Ask something in a channel; return the answer."""
    said = await slack.wait_for_ack(await slack.mention("C1", user, text))
    await bot.answer("Press it.")
    return await slack.wait_for_message(thread_ts=said.ts)


async def test_try_again_brings_another_answer_below(slack: LocalSlack, bot: Bot) -> None:
    """Three answers stand in the thread of the question, each with thumbs; the last one offers no more.

    A click that comes twice, and a late one, draw nothing.
    """
    shown = await asked(slack, bot)
    for number in (2, 3):
        assert labels(shown) == [TRY]
        await slack.wait_for_ack(await slack.choose(shown, "U1", 0, copies=2))
        await bot.answer(f"Press it {number} times.")
        before, shown = shown, await slack.wait_for_message(thread_ts=shown.thread_ts, count=number)
        assert shown.shown == f"Press it {number} times."
        await press(slack, before, "U1", TRY)
        await slack.wait_for_ephemeral(user="U1", containing=TRIED_ALREADY_TEXT)
    assert labels(shown) == []
    await slack.wait_for_ack(await slack.click(shown, "U1", positive=True))
    assert [one.votes_up for one in await bot.core.questions()] == [0, 0, 1]


async def test_only_the_asker_and_admins_may(slack: LocalSlack, bot: Bot) -> None:
    """Anybody else is told so; an admin has another sample drawn for who asked."""
    shown = await asked(slack, bot)
    await press(slack, shown, "U2", TRY)
    assert "Only the person who asked this" in (await slack.wait_for_ephemeral(user="U2")).shown
    slack.make_admin("U3")
    await press(slack, shown, "U3", TRY)
    assert [one.asker for one in await bot.core.questions()] == ["U1", "U1"]


async def test_no_better_answer_is_said(slack: LocalSlack, bot: Bot) -> None:
    """What is no better offers no more, and neither does an answer that the bot was not sure of."""
    shown = await asked(slack, bot)
    await press(slack, shown, "U1", TRY)
    await bot.answer(reply=Reply(text="I have no better answer.", source=AnswerSource.NOT_SURE))
    assert labels(await slack.wait_for_message(thread_ts=shown.thread_ts, count=2)) == []


async def test_another_answer_to_a_command(slack: LocalSlack, bot: Bot) -> None:
    """Below a command's answer it stands in the thread of that; what only the asker saw stays private."""
    await slack.wait_for_ack(await slack.slash("C1", "U1", "how?"))
    await bot.answer("Press it.")
    shown = await slack.wait_for_message(channel="C1")
    await press(slack, shown, "U1", TRY)
    await bot.answer("Press it twice.")
    assert (await slack.wait_for_message(channel="C1", thread_ts=shown.ts)).shown == "Press it twice."


async def test_edited_question_is_asked_again(slack: LocalSlack, bot: Bot) -> None:
    """The asker is offered once to have the new text answered; a click asks it in the same thread, once."""
    said = await slack.wait_for_ack(await slack.mention("C1", "U1", "how do I open it?"))
    await bot.answer("Press it.")
    await slack.wait_for_ack(await slack.edit(said, f"<@{BOT_USER}> how do I close it?"))
    await slack.wait_for_ack(await slack.edit(said, f"<@{BOT_USER}> how do I close <!channel> it?"))
    await bot.deliver_all()
    offer = await slack.wait_for_message(thread_ts=said.ts, count=2)
    assert (offer.shown, labels(offer)) == (REWORDED_TEXT, [ASK])
    await press(slack, offer, "U2", ASK)
    assert "Only the person who asked this" in (await slack.wait_for_ephemeral(user="U2")).shown
    await press(slack, offer, "U1", ASK)
    await bot.answer("Pull it.")
    assert (await slack.wait_for_message(thread_ts=said.ts, count=3)).shown == "Pull it."
    await press(slack, offer, "U1", ASK)
    await slack.wait_for_ephemeral(user="U1", containing=ASKED_ALREADY_TEXT)
    async with bot.core.database.read() as session:
        rows = list(await session.execute(select(Question.text, Question.conversation_id).order_by(Question.id)))
    assert [text for text, _ in rows] == ["how do I open it?", "how do I close @channel it?"]
    assert len({conversation for _, conversation in rows}) == 1


async def test_edit_that_changes_no_words_says_nothing(slack: LocalSlack, bot: Bot) -> None:
    """Another case is no other question, and neither is the preview of a link."""
    said = await slack.wait_for_ack(await slack.mention("C1", "U1", "how do I open it?"))
    await bot.answer("Press it.")
    await slack.wait_for_ack(await slack.edit(said, f"<@{BOT_USER}> How do I open it"))
    await bot.deliver_all()
    assert len(slack.replies) == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"actions": []},
        {"actions": [{"action_id": "try_again", "value": "1" * 19}]},
        {"actions": [{"action_id": "try_again", "value": "1"}], "team": {"id": "T1"}, "channel": {"id": "C1"}},
    ],
)
def test_other_payloads_are_no_click(body: object) -> None:
    """What Slack does not send is left alone."""
    assert read_click(body) is None

"""Threads of the bot's in Slack: asking on without a mention, talk among people, and telling it to be quiet."""

from __future__ import annotations

import pytest

from tests.slack.conftest import Bot
from tests.slack_server import ApiError, Envelope, LocalSlack
from tests.slack_server.state import BOT_USER


@pytest.fixture
async def asked(slack: LocalSlack, bot: Bot) -> Envelope:
    """U1 has asked in a channel, and the bot has answered."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how long does a refund take?"))
    await bot.answer("Five days.")
    await slack.wait_for_message(thread_ts=asked.ts)
    return asked


async def questions(bot: Bot) -> list[str]:
    """Return what was asked, the oldest first."""
    return [question.question for question in await bot.core.questions()]


async def test_asker_goes_on_without_a_mention(slack: LocalSlack, bot: Bot, asked: Envelope) -> None:
    """The follow-up is answered once in the same thread, also if Slack tells of it twice."""
    await slack.wait_for_ack(await slack.say("C1", "U1", "and for a gift card?", thread_ts=asked.ts, copies=2))
    await slack.wait_for_acks()
    assert await questions(bot) == ["how long does a refund take?", "and for a gift card?"]
    await bot.answer("Ten days.")
    assert [reply.thread_ts for reply in slack.replies] == [asked.ts] * 2
    await slack.wait_for_ack(await slack.say("C1", "U1", "👍", thread_ts=asked.ts))
    await slack.wait_for_ack(await slack.say("C1", "U1", "a message of its own"))
    assert len(await questions(bot)) == 2


@pytest.mark.parametrize("talk", [("U2", "I would say ten"), ("U1", "<@U2> do you know more?")])
async def test_people_among_themselves_are_left_alone(
    slack: LocalSlack, bot: Bot, asked: Envelope, talk: tuple[str, str]
) -> None:
    """After a colleague has spoken or was named, the bot is silent until it is named again."""
    for user, text in (talk, ("U1", "and for a gift card?")):
        await slack.wait_for_ack(await slack.say("C1", user, text, thread_ts=asked.ts))
    assert len(await questions(bot)) == 1
    await slack.wait_for_ack(await slack.mention("C1", "U1", "for a gift card?", thread_ts=asked.ts))
    await bot.answer("Ten days.")
    await slack.wait_for_ack(await slack.say("C1", "U1", "and for a voucher?", thread_ts=asked.ts))
    assert (await questions(bot))[1:] == ["for a gift card?", "and for a voucher?"]


async def test_told_to_stop_and_to_start(slack: LocalSlack, bot: Bot, asked: Envelope) -> None:
    """It shows that it has heard, answers nothing but mentions, and goes on when it is told to."""
    stop = await slack.wait_for_ack(await slack.mention("C1", "U1", "Stop!", thread_ts=asked.ts))
    [shown] = await slack.wait_until(lambda: slack.calls("reactions.add"))
    assert (shown.arguments["timestamp"], shown.arguments["name"]) == (stop.ts, "mute")
    await slack.wait_for_ack(await slack.say("C1", "U1", "and for a gift card?", thread_ts=asked.ts))
    assert len(await questions(bot)) == 1
    await slack.wait_for_ack(await slack.mention("C1", "U1", "please start", thread_ts=asked.ts))
    await slack.wait_until(lambda: len(slack.calls("reactions.add")) == 2 or None)
    await slack.wait_for_ack(await slack.say("C1", "U1", "and for a gift card?", thread_ts=asked.ts))
    assert len(await questions(bot)) == 2


async def test_stop_is_no_order_in_direct_messages(slack: LocalSlack, bot: Bot) -> None:
    """There every message is a question."""
    asked = await slack.wait_for_ack(await slack.dm("U1", "how long does a refund take?"))
    await bot.answer("Five days.")
    await slack.wait_for_ack(await slack.dm("U1", "go on", thread_ts=asked.ts))
    assert (await questions(bot))[1:] == ["go on"]
    assert slack.calls("reactions.add") == []


async def test_stop_is_an_order_only_in_a_thread(slack: LocalSlack, bot: Bot) -> None:
    """Said to nobody's thread it is a message like any other; a sign that cannot be shown changes nothing."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "stop"))
    assert await questions(bot) == ["stop"]
    await bot.answer("Alright.")
    slack.misbehave("reactions.add", ApiError("missing_scope"))
    [root] = [message.ts for message in slack.messages if f"<@{BOT_USER}>" in message.text]
    await slack.wait_for_ack(await slack.mention("C1", "U1", "stop", thread_ts=root))
    await slack.wait_until(lambda: slack.calls("reactions.add"))
    assert len(await questions(bot)) == 1

"""Colleagues who answer in a thread where the bot was not sure."""

from __future__ import annotations

import pytest

from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Reply
from tests.slack.conftest import Bot, Core, HttpBot, connected
from tests.slack_server import Envelope, LocalSlack

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE)


async def handed_off(slack: LocalSlack, bot: Bot) -> Envelope:
    """Ask something that the bot is not sure about; return the question."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?", also_message=True))
    await bot.answer(reply=NOT_SURE)
    await slack.wait_for_message(thread_ts=asked.ts)
    return asked


async def people(core: Core) -> list[tuple[str, ...]]:
    """Return what people answered, for each question."""
    return [question.by_people for question in await core.questions()]


async def test_colleague_in_the_thread_answers(slack: LocalSlack, bot: Bot) -> None:
    """What a colleague writes in the thread is an answer, once, and the bot keeps quiet about it."""
    asked = await handed_off(slack, bot)
    said = await slack.say("C1", "U2", "Ask &lt;Ada&gt;, she has the key.", thread_ts=asked.ts, copies=3)
    await slack.wait_for_acks()
    assert said.attempts == 1
    assert await people(bot.core) == [("Ask <Ada>, she has the key.",)]
    assert len(slack.replies) == 1
    assert slack.ephemerals == []


async def test_the_same_after_a_restart(slack: LocalSlack, core: Core) -> None:
    """A message that is delivered again to the next process is not kept a second time."""
    async with connected(slack, core.service):
        asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
        await core.answer_all(reply=NOT_SURE)
        said = await slack.wait_for_ack(await slack.say("C1", "U2", "Like this.", thread_ts=asked.ts))
    async with connected(slack, core.service):
        await slack.wait_for_ack(await slack.deliver(said.payload))
    assert await people(core) == [("Like this.",)]


async def test_colleague_over_http(slack: LocalSlack, http_bot: HttpBot) -> None:
    """The same works where Slack posts its events."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await http_bot.core.answer_all(reply=NOT_SURE)
    said = await slack.wait_for_ack(await slack.say("C1", "U2", "Like this.", thread_ts=asked.ts))
    assert said.statuses == [200]
    assert await people(http_bot.core) == [("Like this.",)]


async def test_talk_elsewhere_is_dropped(slack: LocalSlack, bot: Bot) -> None:
    """The channel itself, other threads, and threads where the bot was sure are not listened to."""
    asked = await handed_off(slack, bot)
    sure = await slack.wait_for_ack(await slack.mention("C1", "U1", "and now?"))
    await bot.answer()
    await slack.say("C1", "U2", "Lunch?")
    await slack.say("C1", "U2", "Not here.", thread_ts="1690000000.000100")
    await slack.say("C1", "U2", "Thanks, bot.", thread_ts=sure.ts)
    await slack.say("C2", "U2", "Another channel.", thread_ts=asked.ts)
    await slack.wait_for_acks()
    assert await people(bot.core) == [(), ()]
    assert len(slack.replies) == 2


async def test_mention_is_a_question_and_no_answer(slack: LocalSlack, bot: Bot) -> None:
    """A colleague who mentions the bot asks it, although the message arrives as a message, too."""
    asked = await handed_off(slack, bot)
    await slack.mention("C1", "U2", "what about green ones?", thread_ts=asked.ts, copies=2, also_message=True)
    await slack.wait_for_acks()
    assert [question.question for question in await bot.core.questions()] == ["how?", "what about green ones?"]
    assert await people(bot.core) == [(), ()]


async def test_answer_under_a_command(slack: LocalSlack, bot: Bot) -> None:
    """The answer to a slash command stands in the channel; the thread below it is where people answer."""
    await slack.wait_for_ack(await slack.slash("C1", "U1", "how?"))
    await bot.answer(reply=NOT_SURE)
    shown = await slack.wait_for_message(channel="C1")
    await slack.wait_for_ack(await slack.say("C1", "U2", "Like this.", thread_ts=shown.ts))
    assert await people(bot.core) == [("Like this.",)]


async def test_edited_and_deleted(slack: LocalSlack, bot: Bot) -> None:
    """What was kept follows an edit, and goes when its message goes."""
    asked = await handed_off(slack, bot)
    said = await slack.wait_for_ack(await slack.say("C1", "U2", "Like thsi.", thread_ts=asked.ts))
    await slack.wait_for_ack(await slack.edit(said, "Like this."))
    assert await people(bot.core) == [("Like this.",)]
    await slack.wait_for_ack(await slack.delete(said))
    assert await people(bot.core) == [()]


@pytest.mark.parametrize("other", [True, False])
async def test_bots_are_not_people(slack: LocalSlack, bot: Bot, other: bool) -> None:
    """Neither our own messages nor those of other bots are answers of people."""
    asked = await handed_off(slack, bot)
    said = await slack.say("C1", "U2", "Like this.", thread_ts=asked.ts)
    await slack.wait_for_ack(said)
    event = {**said.payload["event"], "ts": "1800000000.000100"}
    by_bot = {**event, "bot_id": "B9"} if other else {**event, "user": "U0BOT"}
    authorized = [{**said.payload["authorizations"][0], "user_id": "U0BOT"}]
    await slack.wait_for_ack(await slack.deliver({**said.payload, "authorizations": authorized, "event": by_bot}))
    assert await people(bot.core) == [("Like this.",)]

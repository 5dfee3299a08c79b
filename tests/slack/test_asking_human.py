"""A human is asked from Slack: the button, whom it reaches, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from supportbot.db.models import Handoff
from supportbot.db.states import AnswerSource, HandoffState
from supportbot.handoffs.reminding import Reminders
from supportbot.intake.questions import Grounds, Reply
from supportbot.policies.policy import Hours
from tests.policies import decide
from tests.slack.conftest import Bot, connected
from tests.slack_server import Envelope, LocalSlack, Reset
from tests.slack_server.payloads import buttons_of
from tests.slack_server.records import Ephemeral, Message
from tests.slack_server.state import TEAM

OFFERED = Grounds(offers_human=True)
NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE, grounds=OFFERED)
SURE = Reply(text="*Tomorrow*, <!channel>.", source=AnswerSource.GENERATED, grounds=OFFERED)
ASK, RESOLVED = "Ask a human", "Resolved"


async def press(slack: LocalSlack, shown: Message | Ephemeral, user: str, label: str) -> Envelope:
    """Have somebody click the button with a label."""
    labels = [button["text"]["text"] for button in buttons_of(shown)]
    return await slack.wait_for_ack(await slack.choose(shown, user, labels.index(label)))


async def unsure(slack: LocalSlack, bot: Bot, text: str = "how?", reply: Reply = NOT_SURE) -> tuple[str, Message]:
    """Ask something; return the timestamp of the question and the bot's answer, which offers a human."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", text))
    await bot.answer(reply=reply)
    return asked.ts, await slack.wait_for_message(thread_ts=asked.ts)


async def state(bot: Bot) -> HandoffState:
    """Return how far the one hand-off has come."""
    async with bot.core.database.read() as session:
        return (await session.scalars(select(Handoff.state))).one()


async def test_channel_is_asked_and_its_answer_comes_back(slack: LocalSlack, bot: Bot) -> None:
    """A click asks the channel of the policy; what its people write in the thread is shown to the asker, by name.

    Nobody is pinged but whom the policy names, and the asker closes it.
    """
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    question_ts, shown = await unsure(slack, bot, "how do <!channel> and <@U9> & I?", SURE)
    await press(slack, shown, "U3", ASK)
    await bot.deliver_all()
    post = await slack.wait_for_message(channel="CTEAM")
    assert post.shown.startswith("Someone is asking for a human in <#C1>:")
    assert "> how do @channel and @U9 &amp; I?" in post.shown
    assert "&lt;!channel&gt;" in post.shown
    assert "<!" not in post.shown
    assert f"https://local.slack.com/archives/C1/p{question_ts.replace('.', '')}" in str(post.blocks)
    told = await slack.wait_for_message(thread_ts=question_ts, count=2)
    assert told.shown == "I've asked <#CTEAM>. You'll get the answer here."

    await press(slack, shown, "U1", ASK)
    assert "already" in (await slack.wait_for_ephemeral(user="U1")).shown

    await slack.wait_for_ack(await slack.say("CTEAM", "U2", "Press <!here> & <@U4>.", thread_ts=post.ts))
    await bot.deliver_all()
    relay = await slack.wait_for_message(thread_ts=question_ts, count=3)
    assert relay.shown == "*name-of-u2* answers:\nPress @here &amp; @U4."
    assert [one.by_people for one in await bot.core.questions()] == [("Press @here & @U4.",)]
    assert await state(bot) is HandoffState.ANSWERED

    await press(slack, told, "U1", RESOLVED)
    assert "closed" in (await slack.wait_for_ephemeral(user="U1", containing="closed")).shown
    assert await state(bot) is HandoffState.RESOLVED
    assert len([one for one in slack.replies if one.channel == "CTEAM"]) == 1


async def test_person_is_asked_directly(slack: LocalSlack, bot: Bot) -> None:
    """A person has a direct message; what they answer in its thread comes back, all else is a question."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="U5")
    question_ts, shown = await unsure(slack, bot)
    await press(slack, shown, "U1", ASK)
    await bot.deliver_all()
    post = await slack.wait_for_message(channel="DU5")
    await slack.wait_for_ack(await slack.dm("U5", "Like this.", thread_ts=post.ts))
    await slack.wait_for_ack(await slack.dm("U5", "and what is that?"))
    await bot.deliver_all()
    relay = await slack.wait_for_message(thread_ts=question_ts, containing="name-of-u5")
    assert relay.shown.endswith("Like this.")
    assert [one.question for one in await bot.core.questions()] == ["how?", "and what is that?"]
    await press(slack, post, "U5", RESOLVED)
    assert await state(bot) is HandoffState.RESOLVED


async def test_group_is_named_in_the_thread(slack: LocalSlack, bot: Bot) -> None:
    """A user group is named where the question stands, and answers there; nothing is passed on."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="S7")
    question_ts, shown = await unsure(slack, bot)
    await press(slack, shown, "U1", ASK)
    await bot.deliver_all()
    await slack.wait_for_message(thread_ts=question_ts, containing="<!subteam^S7>, someone is asking for a human")
    await slack.wait_for_ack(await slack.say("C1", "U2", "Like this.", thread_ts=question_ts))
    await bot.deliver_all()
    assert await state(bot) is HandoffState.ANSWERED
    assert len([one for one in slack.replies if one.thread_ts == question_ts]) == 3


async def test_outside_working_hours_it_says_when_somebody_is_back(slack: LocalSlack, bot: Bot) -> None:
    """Outside working hours the asker is told the moment, which Slack shows in their own zone."""
    hours = Hours(zone="UTC", days=frozenset({(datetime.now(UTC) + timedelta(days=3)).weekday()}), begin=time(9))
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM", working_hours=hours)
    question_ts, shown = await unsure(slack, bot)
    await press(slack, shown, "U1", ASK)
    await bot.deliver_all()
    told = await slack.wait_for_message(thread_ts=question_ts, count=2)
    back = int(hours.next_begin(datetime.now(UTC)).timestamp())
    assert f"Someone is back <!date^{back}^" in told.shown


async def test_command_asks_a_human_at_once(slack: LocalSlack, bot: Bot) -> None:
    """`/ask human …` goes to people; the word for the asker is the answer, in whose thread the people's comes."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    await slack.wait_for_ack(await slack.slash("C1", "U1", "human how do I reset it?"))
    await bot.deliver_all()
    answer = await slack.wait_for_message(channel="C1")
    assert "> how do I reset it?" in answer.shown
    assert "passed your question on" in answer.shown
    assert "I've asked <#CTEAM>." in answer.shown
    post = await slack.wait_for_message(channel="CTEAM")
    await slack.wait_for_ack(await slack.say("CTEAM", "U2", "Like this.", thread_ts=post.ts))
    await bot.deliver_all()
    assert (await slack.wait_for_message(channel="C1", thread_ts=answer.ts)).shown.endswith("Like this.")


async def test_private_asker_hears_directly(slack: LocalSlack, bot: Bot) -> None:
    """Where only the asker saw the answer, the bot writes to them, with the question."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    slack.channel("C1").member = False
    await slack.wait_for_ack(await slack.slash("C1", "U1", "how?"))
    await bot.answer(reply=NOT_SURE)
    shown = await slack.wait_for_ephemeral(user="U1")
    await press(slack, shown, "U1", ASK)
    await bot.deliver_all()
    post = await slack.wait_for_message(channel="CTEAM")
    assert "https://" not in str(post.blocks)
    assert "> how?" in (await slack.wait_for_message(channel="DU1", containing="I've asked")).shown
    await slack.wait_for_ack(await slack.say("CTEAM", "U2", "Like this.", thread_ts=post.ts))
    await bot.deliver_all()
    assert (await slack.wait_for_message(channel="DU1", containing="Like this.")).shown


async def test_target_that_is_out_of_reach(slack: LocalSlack, bot: Bot) -> None:
    """A channel without the bot: the asker is told, the log names why once, and their question stays answered."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    slack.channel("CTEAM").member = False
    question_ts, shown = await unsure(slack, bot)
    with capture_logs() as lines:
        await press(slack, shown, "U1", ASK)
        await bot.deliver_all()
    await slack.wait_for_message(thread_ts=question_ts, containing="couldn't reach")
    (line,) = [line for line in lines if line["event"] == "reply.undeliverable"]
    assert (line["kind"], line["reason"]) == ("post", "The bot is not a member of the channel: invite it.")
    assert [one.state for one in await bot.core.questions()] == ["delivered"]


async def test_nothing_to_click_without_an_offer(slack: LocalSlack, bot: Bot) -> None:
    """Where the policy offers nobody, there is no button; a click on an old one is answered with a sentence."""
    _, shown = await unsure(slack, bot, reply=Reply(text="I am not sure.", source=AnswerSource.NOT_SURE))
    assert buttons_of(shown) == []
    _, old = await unsure(slack, bot, "and now?")
    await press(slack, old, "U1", ASK)
    assert "Nobody is set up" in (await slack.wait_for_ephemeral(user="U1")).shown


async def test_reminder_in_the_thread_of_the_people(slack: LocalSlack, bot: Bot) -> None:
    """Who has not answered is reminded below their message, and the whole channel sees that."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM", handoff_reminder_minutes=5)
    _, shown = await unsure(slack, bot)
    await press(slack, shown, "U1", ASK)
    await bot.deliver_all()
    post = await slack.wait_for_message(channel="CTEAM")
    async with bot.core.database.write() as session:
        await session.execute(update(Handoff).values(asked_at=datetime.now(UTC) - timedelta(minutes=6)))
    assert await Reminders(bot.core.database).look() == 1
    await bot.deliver_all()
    reminder = await slack.wait_for_message(channel="CTEAM", thread_ts=post.ts)
    assert "Nobody has answered" in reminder.shown
    assert reminder.arguments["reply_broadcast"]


@pytest.mark.parametrize("target", ["CTEAM", "U5", "S7"])
async def test_line_breaks_after_slack_has_taken_each_message(slack: LocalSlack, bot: Bot, target: str) -> None:
    """Each message of a hand-off is there once, although Slack's word that it took it never came."""
    await decide(bot.core.database, "slack", TEAM, handoff_target=target)
    _, shown = await unsure(slack, bot)
    await press(slack, shown, "U1", ASK)
    for _ in range(3):
        slack.misbehave("chat.postMessage", Reset(after_accept=True))
        await bot.try_again()
    slack.behave()
    await bot.try_again()
    await bot.try_again()
    said = [one.shown for one in slack.replies[1:]]
    assert len(said) == 2, said
    assert len([one for one in said if "is asking for a human" in one]) == 1


async def test_a_new_process_hears_the_click_and_the_answer(slack: LocalSlack, bot: Bot) -> None:
    """Buttons and messages of before a restart still count."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    question_ts, shown = await unsure(slack, bot)
    async with connected(slack, bot.core.service):
        await press(slack, shown, "U1", ASK)
        await bot.deliver_all()
        post = await slack.wait_for_message(channel="CTEAM")
    async with connected(slack, bot.core.service):
        await slack.wait_for_ack(await slack.say("CTEAM", "U2", "Like this.", thread_ts=post.ts))
    await bot.deliver_all()
    assert await slack.wait_for_message(thread_ts=question_ts, containing="Like this.")

"""What people say to the bot in Slack, and what they get back."""

from __future__ import annotations

from tests.slack.conftest import Bot
from tests.slack_server import LocalSlack


async def test_mention_is_answered_in_its_thread(slack: LocalSlack, bot: Bot) -> None:
    """A mention in a channel is answered in the thread of the mention."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how do I reset it?"))
    await bot.answer("Press the button for ten seconds.")
    message = await slack.wait_for_message(channel="C1", thread_ts=asked.ts)
    assert message.shown == "Press the button for ten seconds."
    (question,) = await bot.core.questions()
    assert (question.question, question.asker) == ("how do I reset it?", "U1")

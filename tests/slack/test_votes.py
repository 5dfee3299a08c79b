"""Clicks on the thumbs under an answer."""

from __future__ import annotations

from supportbot.feedback.votes import Vote
from tests.slack.conftest import Bot, Core, connected
from tests.slack_server import HttpAnswer, LocalSlack, Message


async def answered(slack: LocalSlack, bot: Bot) -> Message:
    """Return an answer to vote on."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await bot.answer()
    return await slack.wait_for_message(thread_ts=asked.ts)


async def votes(core: Core) -> tuple[int, int]:
    """Return how many thumbs are up and down."""
    (question,) = await core.questions()
    return question.votes_up, question.votes_down


async def test_vote_is_recorded_and_thanked_for(slack: LocalSlack, bot: Bot) -> None:
    """A click is a vote of its voter, who alone is thanked, in the thread of the answer."""
    message = await answered(slack, bot)
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    assert await votes(bot.core) == (1, 0)
    thanks = await slack.wait_for_ephemeral(user="U2", containing="recorded")
    assert (thanks.channel, thanks.thread_ts) == ("C1", message.thread_ts)
    assert thanks.arguments["replace_original"] is False


async def test_last_vote_of_a_person_counts(slack: LocalSlack, bot: Bot) -> None:
    """Whoever changes their mind is told that the vote is changed."""
    message = await answered(slack, bot)
    for positive, thanks in ((True, "was recorded"), (False, "was changed"), (False, "already")):
        await slack.wait_for_ack(await slack.click(message, "U2", positive=positive))
        await slack.wait_for_ephemeral(user="U2", containing=thanks)
    assert await votes(bot.core) == (0, 1)


async def test_votes_of_several_people_count(slack: LocalSlack, bot: Bot) -> None:
    """Everybody has one vote."""
    message = await answered(slack, bot)
    for number in range(3):
        await slack.click(message, f"U{number}", positive=number < 2)
    await slack.wait_for_acks()
    assert await votes(bot.core) == (2, 1)


async def test_vote_outlives_a_restart(slack: LocalSlack, core: Core, bot: Bot) -> None:
    """The thumbs under an old answer work in a new process."""
    message = await answered(slack, bot)
    async with connected(slack, core.service):
        await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    assert await votes(core) == (1, 0)


async def test_private_answer_can_be_voted_on(slack: LocalSlack, bot: Bot) -> None:
    """The answer that only the asker saw has thumbs too."""
    slack.channel("C9").member = False
    await slack.wait_for_ack(await slack.slash("C9", "U1", "how?"))
    await bot.answer()
    shown = await slack.wait_for_ephemeral(containing="reset")
    await slack.wait_for_ack(await slack.click(shown, "U1", positive=False))
    assert await votes(bot.core) == (0, 1)


async def test_vote_on_a_forgotten_answer_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """Thumbs under an answer that isn't in the log any more say so."""
    message = await answered(slack, bot)
    buttons = message.blocks[-1]["elements"][0]
    buttons["positive_button"]["value"] = "999:" + Vote.UP.name.lower()
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    await slack.wait_for_ephemeral(user="U2", containing="no longer in the log")


async def test_vote_counts_even_if_the_thanks_fail(slack: LocalSlack, bot: Bot) -> None:
    """A thank-you that Slack refuses changes nothing."""
    message = await answered(slack, bot)
    slack.misbehave("response_url", HttpAnswer(500))
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    assert await votes(bot.core) == (1, 0)

"""The real daemon, whose answers are shown while they are written, and one of which it is killed in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.discord_server import DiscordServer
from tests.e2e.daemon import log_of, running, start
from tests.e2e.streaming import QUESTION, hold, settings_for, slow_starter
from tests.slack_server import LocalSlack, Message, Reset


async def _half_an_answer(slack: LocalSlack) -> Message:
    """Wait until the first words of an answer are shown."""
    (message,) = await slack.wait_until(lambda: slack.replies, "the first words", 30)
    assert message.streaming_state == "in_progress"
    return message


async def _the_only_answer(slack: LocalSlack, home: Path) -> Message:
    """Return the one message of the bot, which shows what the log says."""
    await slack.wait_for_message(seconds=30)
    (message,) = slack.replies
    (entry,) = await log_of(home)
    assert message.shown == entry["answer"]
    assert message.metadata is not None
    assert entry["state"] == "delivered"
    return message


async def test_answer_in_slack_is_shown_while_it_is_written(home: Path) -> None:
    """The status comes before the model is done, then words, then the same message is the whole answer."""
    async with (
        LocalSlack() as slack,
        slow_starter() as model,
        running(home, **slack.environment(), **settings_for(model)),
    ):
        await slack.wait_until_connected(seconds=30)
        hold(model)
        asked = await slack.mention("C1", "U1", QUESTION)
        status = (await slack.wait_until(lambda: slack.statuses, "the status"))[0]
        assert status["thread_ts"] == asked.ts
        assert status["loading_messages"]
        begun = await _half_an_answer(slack)
        words = begun.shown
        model.go_on.set()
        message = await _the_only_answer(slack, home)
    assert message.ts == begun.ts
    assert message.shown.startswith(words.strip())
    assert len(message.shown) > len(words)
    assert message.blocks[-1]["type"] == "context_actions"


async def test_streaming_can_be_switched_off(home: Path) -> None:
    """With the setting off nothing is shown before the answer is whole."""
    async with LocalSlack() as slack, slow_starter() as model:
        settings = settings_for(model) | {"SUPPORTBOT_STREAMING": "false"}
        async with running(home, **slack.environment(), **settings):
            await slack.wait_until_connected(seconds=30)
            await slack.mention("C1", "U1", QUESTION)
            await _the_only_answer(slack, home)
    assert slack.calls("chat.startStream") == []


async def test_answer_in_discord_is_shown_while_it_is_written(home: Path) -> None:
    """A reply to a mention and the message of a command grow, and are the whole answers at the end."""
    async with DiscordServer() as discord, slow_starter() as model:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        async with running(home, **settings, **settings_for(model)):
            await discord.connected()
            hold(model)
            asked = await discord.mention(QUESTION)
            command = await discord.slash(QUESTION)
            reply = await discord.reply_to(asked)
            await discord.until(lambda: command.text)
            assert command.message is not None
            halves = [reply["content"], command.text]
            model.go_on.set()
            await discord.until(lambda: reply["components"] and command.message and command.message["components"])
            entries = await log_of(home)
        assert [one["id"] for one in discord.bot_messages] == [reply["id"]]
    for shown, half in zip([reply["content"], command.text], halves, strict=True):
        assert shown.startswith(half)
        assert any(entry["answer"] in shown for entry in entries)


@pytest.mark.parametrize("noted", [True, False])
async def test_kill_in_the_middle_of_a_stream(home: Path, noted: bool) -> None:
    """A daemon that is killed while an answer is shown leaves half a message, and the next one makes it whole.

    If it is killed before it has noted which message that is, it is found as well.
    """
    async with LocalSlack() as slack, slow_starter() as model:
        settings = {**slack.environment(), **settings_for(model)}
        daemon = await start(home, **settings)
        await slack.wait_until_connected(seconds=30)
        hold(model)
        if not noted:
            slack.misbehave("chat.startStream", Reset(True, lambda _: daemon.process.kill()))
        await slack.mention("C1", "U1", QUESTION)
        half = await _half_an_answer(slack)
        if noted:
            await daemon.read_until("stream.began")
            await daemon.kill()
        else:
            await daemon.wait(30)
        model.fix()
        async with running(home, **settings):
            message = await _the_only_answer(slack, home)
    assert message.ts == half.ts

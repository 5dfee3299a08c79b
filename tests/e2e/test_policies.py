"""A policy for each channel, on the real daemon: what is answered unasked, and what not, while admins decide."""

from __future__ import annotations

from pathlib import Path

from tests.discord_server import DiscordServer
from tests.e2e.daemon import log_of, running, supportbot
from tests.slack_server import LocalSlack
from tests.slack_server.state import TEAM

ANSWER = "Climbing shoes can be rented at the desk for 4 euros a day."
KNOWN = "can I rent climbing shoes?"
UNKNOWN = "where is the fire exit?"
CHAT = ("lunch at noon anyone", "I have rented climbing shoes before", "<@U2> can I rent climbing shoes?")


async def command(home: Path, *arguments: str) -> str:
    """Run the command line beside the daemon."""
    status, output, errors = await supportbot(home, *arguments, "--by", "Ana Lopez")
    assert status == 0, errors
    return output


async def test_questions_to_nobody_and_decisions_while_it_runs(home: Path) -> None:
    """It answers unasked what it knows, is silent on all else, and obeys a form as it does the terminal."""
    await command(home, "knowledge", "add", "--answer", ANSWER, "--question", KNOWN, "--question", "shoe rental")
    async with LocalSlack() as slack, DiscordServer() as discord:
        tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url, **slack.environment()}
        async with running(home, **tokens, SUPPORTBOT_DISCORD_MESSAGE_CONTENT="true") as daemon:
            await slack.wait_until_connected(seconds=30)
            await discord.connected()
            await daemon.read_until("discord.connected")  # by then it has read what was said before

            # Nobody has decided anything: only a mention is answered.
            await slack.wait_for_ack(await slack.say("C1", "U1", KNOWN))
            asked = await slack.mention("C1", "U1", KNOWN)
            assert ANSWER in (await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown

            # An admin of Slack decides in the form.
            slack.make_admin("U7")
            await slack.wait_for_ack(await slack.slash("C1", "U7", "config", command="/supportbot"))
            await slack.submit(
                slack.modals[0], fields={"answer_on": "Also questions addressed to nobody, if the bot is sure"}
            )
            assert "also questions addressed to nobody" in slack.modals[0].shown
            for line in (*CHAT, UNKNOWN):
                await slack.wait_for_ack(await slack.say("C1", "U1", line))
            await daemon.read_until("question.left_alone")
            said = await slack.say("C1", "U1", KNOWN)
            assert ANSWER in (await slack.wait_for_message(thread_ts=said.ts, seconds=30)).shown

            # Whoever manages the Discord server decides as well.
            opened = await discord.command("config")
            await discord.modal_of(opened)
            sent = await discord.submit(opened, answer_on="questions", verified_only="no", language="none")
            assert "also questions addressed to nobody" in await discord.response_to(sent)
            await discord.say(UNKNOWN)
            await daemon.read_until("question.left_alone")
            assert str((await discord.reply_to(await discord.say(KNOWN)))["content"]).startswith(ANSWER)
            assert len(discord.bot_messages) == 1

            # The operator switches a channel off, beside the running daemon.
            await command(home, "policy", "set", f"slack:{TEAM}", "--channel", "C1", "answer_on=never")
            told = await slack.wait_for_ack(await slack.slash("C1", "U1", KNOWN))
            assert told.response is not None
            assert "turned my answers off" in told.response["text"]
            await slack.wait_for_ack(await slack.mention("C1", "U1", KNOWN))
            asked = await slack.mention("C2", "U1", KNOWN)
            await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
            await slack.wait_for_acks()
            assert len(slack.replies) == 3
            assert len(slack.statuses) == 2
        log = await log_of(home)
    assert [(entry["platform"], entry["question"], entry["source"]) for entry in log] == [
        ("slack", KNOWN, "approved"),
        ("slack", KNOWN, "approved"),
        ("discord", KNOWN, "approved"),
        ("slack", KNOWN, "approved"),
    ]
    assert {entry["state"] for entry in log} == {"delivered"}
    assert not any(line in str(daemon.lines) for line in (*CHAT, KNOWN, UNKNOWN))

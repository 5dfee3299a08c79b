"""A workspace that reads German, on the real daemon: answers, forms, and what one person alone is told."""

from __future__ import annotations

from pathlib import Path

from supportbot.intake.questions import NOT_SURE_TEXT
from supportbot.words import Words
from tests.discord_server import DiscordServer
from tests.discord_server.state import GUILD_ID
from tests.e2e.daemon import log_of, running, supportbot
from tests.slack_server import LocalSlack
from tests.slack_server.state import TEAM

UNKNOWN = "where is the fire exit?"
NOT_SURE = Words("de").say(NOT_SURE_TEXT)


async def command(home: Path, *arguments: str) -> None:
    """Run the command line beside the daemon."""
    status, _, errors = await supportbot(home, *arguments, "--by", "Ana Lopez")
    assert status == 0, errors


async def test_german_by_policy_of_the_workspace_and_english_in_one_channel(home: Path) -> None:
    """All that is said about a question is in the language of its channel, on both platforms and in the log."""
    async with LocalSlack() as slack, DiscordServer() as discord:
        tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url, **slack.environment()}
        for workspace in (f"slack:{TEAM}", f"discord:{GUILD_ID}"):
            await command(home, "policy", "set", workspace, "language=de")
        await command(home, "policy", "set", f"slack:{TEAM}", "--channel", "C2", "language=en")
        async with running(home, **tokens):
            await slack.wait_until_connected(seconds=30)
            await discord.connected()

            asked = await slack.mention("C1", "U1", UNKNOWN)
            assert NOT_SURE in (await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown
            asked = await slack.mention("C2", "U1", UNKNOWN)
            assert NOT_SURE_TEXT in (await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown
            told = await slack.wait_for_ack(await slack.slash("C1", "U1", "forget me"))
            assert told.response is not None
            assert told.response["text"].startswith("Soll ich alles von Ihnen löschen")

            reply = await discord.reply_to(await discord.mention(UNKNOWN))
            assert str(reply["content"]).startswith(NOT_SURE)
            opened = await discord.command("config")
            assert (await discord.modal_of(opened))["title"] == "Was ich hier beantworte"
        log = await log_of(home)
    assert [entry["answer"] for entry in log] == [NOT_SURE, NOT_SURE_TEXT, NOT_SURE]

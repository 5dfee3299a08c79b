"""The real daemon on a local Discord: slash command, mention, votes, a restart in between."""

from __future__ import annotations

from pathlib import Path

from supportbot.db.session import Database
from tests.discord_server import DiscordServer
from tests.discord_server.state import BOB, GUILD_ID, TEAM_CHANNEL_ID
from tests.e2e.daemon import log_of, running
from tests.policies import decide


async def test_slash_mention_vote_and_restart(home: Path) -> None:
    """Slash command and mention are answered, and a button of before a restart still counts."""
    async with DiscordServer() as discord:
        settings = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "SUPPORTBOT_MODEL": "starter",
        }
        async with running(home, **settings):
            await discord.connected()
            asked = await discord.slash("How do I return an item?")
            assert "return" in (await discord.response_to(asked)).lower()
            reply = await discord.reply_to(await discord.mention("how long does a refund take?"))
            assert reply["content"]
        async with running(home, **settings) as daemon:
            await discord.connected()
            click = await discord.click(reply, up=True)
            assert await discord.response_to(click)
            entries = await log_of(home)
    events = [line["event"] for line in daemon.lines]
    assert "discord.commands_unchanged" in events
    assert "discord.commands_synced" not in events
    assert [entry["state"] for entry in entries] == ["delivered", "delivered"]
    assert [(entry["votes_up"], entry["votes_down"]) for entry in entries] == [(0, 0), (1, 0)]


async def test_human_is_asked_and_answers(home: Path) -> None:
    """Where the bot is not sure, a click asks a channel, and what its people reply comes to the asker."""
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    await decide(database, "discord", GUILD_ID, handoff_target=TEAM_CHANNEL_ID)
    await database.aclose()
    async with DiscordServer() as discord:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        async with running(home, **settings, SUPPORTBOT_MODEL="starter") as daemon:
            await discord.connected()
            asked = await discord.mention("What is the capital of Mongolia?")
            click = await discord.press(await discord.reply_to(asked), "Ask a human")
            assert await discord.response_to(click) == "I'm asking a human."
            posts = await discord.until(
                lambda: [one for one in discord.bot_messages if one["channel_id"] == TEAM_CHANNEL_ID]
            )
            await discord.say("Ulaanbaatar.", channel=TEAM_CHANNEL_ID, author=BOB, reply_to=posts[0])
            await discord.until(
                lambda: [one for one in discord.replies_to(asked) if one["content"].endswith("Ulaanbaatar.")]
            )
        [entry] = await log_of(home)
    assert (entry["by_people"], entry["handoff"]) == (["Ulaanbaatar."], "answered")
    assert [line["event"] for line in daemon.lines].count("handoff.asked") == 1

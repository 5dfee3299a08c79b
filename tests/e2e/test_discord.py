"""The real daemon on a local Discord: slash command, mention, votes, a restart in between."""

from __future__ import annotations

from pathlib import Path

from tests.discord_server import DiscordServer
from tests.e2e.daemon import log_of, running


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

"""The weekly digest on the real daemon, from what people ask to the channel of the team, on both platforms."""

from __future__ import annotations

from pathlib import Path

from supportbot.db.session import Database
from tests.digests import make_due
from tests.discord_server import DiscordServer
from tests.discord_server.state import CHANNEL_ID, GUILD_ID
from tests.e2e.daemon import running, supportbot
from tests.slack_server import LocalSlack
from tests.slack_server.state import TEAM

ASKED = "What is the capital of Mongolia?"
STARTER = {"SUPPORTBOT_MODEL": "starter"}


async def test_what_nobody_knew_reaches_the_team(home: Path) -> None:
    """What the bot was not sure of on one day stands in each platform's channel the next Monday."""
    async with LocalSlack() as slack, DiscordServer() as discord:
        tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url, **slack.environment()}
        async with running(home, **tokens, **STARTER):
            await slack.wait_until_connected(seconds=30)
            await discord.connected()
            asked = await slack.mention("C1", "U1", ASKED)
            await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
            await discord.reply_to(await discord.mention(ASKED))
        database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
        await make_due(database, "slack", TEAM, "CTEAM")
        await make_due(database, "discord", GUILD_ID, CHANNEL_ID)
        await database.aclose()
        async with running(home, **tokens, **STARTER) as daemon:
            for _ in range(2):
                await daemon.read_until("digest.posted")
        posted = await slack.wait_for_message(channel="CTEAM")
        (on_discord,) = [one for one in discord.bot_messages if "This week's questions" in one["content"]]
        for shown in (posted.shown, on_discord["content"]):
            assert "1 question in the last 7 days" in shown
            assert f"{ASKED} (1 person)" in shown
    status, output, errors = await supportbot(home, "digest", "--workspace", f"slack:{TEAM}")
    assert status == 0, errors
    assert f"{ASKED} (1 person)" in output
    assert "CTEAM of slack" in output
    assert not any("Mongolia" in str(line) for line in daemon.lines)

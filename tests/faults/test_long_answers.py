"""Daemons that are killed between two messages of one answer: each part is shown once, and in order.

Each is killed when the platform has taken the second message and has not said so. What a broken line does before
and after, the tests of the senders say.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.discord_server import DiscordServer
from tests.discord_server.state import CHANNEL_ID, Fault
from tests.e2e.daemon import running, start, supportbot
from tests.slack_server import LocalSlack, Reset

QUESTION = "What are your conditions?"
NUMBERS = ["0", "1", "2"]
"""What the parts of the answer begin with; each fills a message."""


async def _teach(home: Path, length: int) -> None:
    """Approve an answer of three parts, so many characters each."""
    answer = "\n\n".join(f"{number} {'word ' * (length // 5)}" for number in NUMBERS)
    faq = home / "faq.jsonl"
    faq.write_text(json.dumps({"question": QUESTION, "answer": answer}))
    status, _, errors = await supportbot(home, "import", str(faq), "--approve", "--by", "Ana", "--yes")
    assert status == 0, errors


def _beginnings(texts: list[str]) -> list[str]:
    return [text.partition(" ")[0] for text in texts]


async def test_killed_between_two_messages_in_slack(home: Path) -> None:
    """The next daemon shows what is missing."""
    await _teach(home, 10_000)
    async with LocalSlack() as slack:
        daemon = await start(home, None, **slack.environment())
        await slack.wait_until_connected(seconds=30)
        slack.misbehave(
            "chat.postMessage", Reset(after_accept=True, on_break=lambda _: daemon.process.kill()), after=1
        )
        await slack.mention("C1", "U1", QUESTION)
        await daemon.wait(30)
        assert _beginnings([reply.shown for reply in slack.replies]) == NUMBERS[:2]
        async with running(home, **slack.environment()) as next_one:
            await next_one.read_until("reply.delivered")
        assert _beginnings([reply.shown for reply in slack.replies]) == NUMBERS


async def test_killed_between_two_messages_in_discord(home: Path) -> None:
    """The next daemon shows what is missing."""
    await _teach(home, 1_800)
    async with DiscordServer() as discord:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        daemon = await start(home, None, **settings)
        await discord.connected()
        kill = Fault(drop=True, after=True, skip=1, on_break=lambda _: daemon.process.kill())
        discord.fail("POST", f"/channels/{CHANNEL_ID}/messages", kill)
        await discord.mention(QUESTION)
        await daemon.wait(30)
        assert _beginnings([message["content"] for message in discord.bot_messages]) == NUMBERS[:2]
        async with running(home, **settings) as next_one:
            await next_one.read_until("reply.delivered")
        assert _beginnings([message["content"] for message in discord.bot_messages]) == NUMBERS

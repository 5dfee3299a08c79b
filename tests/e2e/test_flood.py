"""The real daemon while one person asks hundreds of questions: nobody else waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from playwright.async_api import expect

from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import IncomingQuestion
from tests.discord_server import DiscordServer
from tests.discord_server.state import DM_CHANNEL_ID, user
from tests.e2e.daemon import running
from tests.slack_server import LocalSlack
from tests.web.browsing import open_browser

FLOOD = 150
"""Questions of one person on each platform; in a queue, the other one waited 122 seconds behind so many."""

PATIENCE_SECONDS = 20.0
"""Two seconds are promised; on a busy machine, with three platforms and a browser, it takes longer."""

NO_LIMITS = {
    "SUPPORTBOT_PERSON_AT_ONCE": "0",
    "SUPPORTBOT_PERSON_A_MINUTE": "0",
    "SUPPORTBOT_CHANNEL_AT_ONCE": "0",
    "SUPPORTBOT_CHANNEL_A_MINUTE": "0",
    "SUPPORTBOT_MODEL": "starter",
}
"""The turns alone must do: the limits would keep most of the flood out."""

QUESTION = "How do I return an item?"


async def _flood_page(home: Path) -> None:
    """Ask as a visitor with many tabs does, past the page, which stops at four questions a tab."""
    database = Database(Settings(home=home).sqlalchemy_url)
    inbox = Inbox(database, "visitor", timedelta(seconds=4))
    for number in range(FLOOD):
        await inbox.accept(
            IncomingQuestion(
                platform="web",
                workspace="local",
                channel="many-tabs",
                thread="many-tabs",
                identity=f"tab-{number}",
                asker="web:many-tabs",
                text=QUESTION,
                reply_to={},
            )
        )
    await database.aclose()


async def _seconds(doing: Awaitable[object]) -> float:
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await doing
    return time.monotonic() - began


async def test_flood_of_one_person_delays_nobody_else(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    """While one person's flood is answered in Slack, in Discord and on the page, others get theirs at once."""
    async with LocalSlack() as slack, DiscordServer() as discord, open_browser() as browser:
        settings = {
            **slack.environment(),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            **NO_LIMITS,
        }
        async with running(home, **settings) as daemon:
            await slack.wait_until_connected(seconds=30)
            await discord.connected()
            page = await browser.new_page()
            await page.goto(daemon.page)
            await _flood_page(home)
            for _ in range(FLOOD):
                await slack.mention("CA", "U1", QUESTION)
                await discord.mention(QUESTION)
            await slack.wait_for_acks()

            async def ask_in_slack() -> None:
                asked = await slack.mention("CB", "U2", QUESTION)
                await slack.wait_for_message(thread_ts=asked.ts, seconds=PATIENCE_SECONDS)

            async def ask_in_discord() -> None:
                asked = await discord.say(QUESTION, channel=DM_CHANNEL_ID, author=user("1002", "bob"))
                await discord.reply_to(asked)

            async def ask_on_the_page() -> None:
                await page.get_by_role("textbox").fill(QUESTION)
                await page.keyboard.press("Enter")
                answer = page.locator(".answer")
                await expect(answer).to_have_attribute("aria-busy", "false", timeout=PATIENCE_SECONDS * 1000)

            for name, ask in (
                ("Slack", ask_in_slack),
                ("Discord", ask_in_discord),
                ("the page", ask_on_the_page),
            ):
                record_property(f"seconds until the other one's answer in {name}", await _seconds(ask()))
            assert len(slack.replies) < FLOOD  # it is still going on: Slack takes one message a second

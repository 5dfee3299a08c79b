"""A support lead's first ten minutes: their own FAQ, in Slack, Discord and on the page, while the bot runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from discord import Permissions
from playwright.async_api import Page, expect

from tests.discord_server import DiscordServer
from tests.e2e.daemon import WITH_ENCODER, Daemon, log_of, running, supportbot
from tests.slack_server import LocalSlack
from tests.supportbot.knowledge.faq import GYM
from tests.web.browsing import open_browser

HOURS, _, SHOES, _, CANCEL = GYM
IN_OTHER_WORDS: Mapping[str, str] = {
    "Hi,\nat what hour do you\nshut the doors on saturdays?\nThanks": HOURS,
    "COULD I HIRE SHOES FROM YOU?": SHOES,
    "how do i get out of my membersip": CANCEL,
}
FOREIGN = "what is the capital of mongolia"
NEAR = "can I rent a helmet and a rope"


async def _supportbot(home: Path, *arguments: str) -> str:
    status, output, errors = await supportbot(home, *arguments)
    assert status == 0, errors
    return output


async def _taken_over(daemon: Daemon) -> None:
    await daemon.read_until("knowledge.refreshed")


async def _ask_on_page(page: Page, question: str) -> None:
    await page.get_by_role("textbox").fill(question)
    await page.keyboard.press("Enter")


async def _look_around(slack: LocalSlack, discord: DiscordServer) -> None:
    """See in Slack's tabs and in Discord what was asked, what can be asked, and how it goes."""
    slack.make_admin("U2")
    await slack.open_tab("U1")
    assert "✓ Verified" in await slack.wait_for_home("U1")
    await slack.open_tab("U2")
    home = await slack.wait_for_home("U2")
    assert (
        f"{len(IN_OTHER_WORDS) + 1} questions in the last 7 days: {len(IN_OTHER_WORDS)} verified, 1 not sure."
        in home
    )
    await slack.open_tab("U1", "messages")
    (told,) = await slack.wait_until(lambda: slack.prompts, "suggested prompts")
    assert told["prompts"][0]["message"] in GYM[HOURS]
    typing = await discord.begin("can I rent")
    await discord.until(lambda: typing.choices is not None)
    assert (typing.choices or [])[0]["name"] == "can I rent climbing shoes"
    asked = await discord.stats(permissions=Permissions(manage_guild=True))
    assert (await discord.response_to(asked)).startswith(f"{len(IN_OTHER_WORDS)} questions in the last 7 days: ")


async def test_faq_of_ones_own_is_answered_on_all_surfaces(home: Path, tmp_path: Path) -> None:
    """What is imported while the bot runs is answered verified everywhere, retired it is not, and clicks help."""
    faq = tmp_path / "faq.csv"
    lines = [f'"{question}";"{answer}"' for answer, questions in GYM.items() for question in questions]
    faq.write_text("\n".join(["Question;Answer", *lines]), "utf-8-sig")
    async with LocalSlack() as slack, DiscordServer() as discord, open_browser() as browser:
        tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url, **slack.environment()}
        async with running(home, **tokens, SUPPORTBOT_NAME="Rock & Rope", **WITH_ENCODER) as daemon:
            await slack.wait_until_connected(seconds=30)
            await discord.connected()
            await _taken_over(daemon)  # what was there at the start
            before = await slack.mention("C1", "U1", "could I hire shoes from you?")
            reply = await slack.wait_for_message(thread_ts=before.ts, seconds=30)
            assert "not sure" in reply.shown  # the starter does not speak for somebody else's shop

            await _supportbot(home, "import", str(faq), "--approve", "--by", "Ana Lopez", "--yes")
            await _taken_over(daemon)

            page = await browser.new_page()
            await page.goto(daemon.page)
            await expect(page).to_have_title("Rock & Rope")
            await expect(page.get_by_role("button", name="when are you open")).to_be_visible()
            for number, (question, answer) in enumerate(IN_OTHER_WORDS.items()):
                asked = await slack.mention(f"C{number}", "U1", question)
                reply = await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
                assert answer in reply.shown
                assert "Verified by Ana Lopez" in str(reply.blocks)
                content = (await discord.reply_to(await discord.mention(question)))["content"]
                assert content.startswith(answer)
                assert "Verified by Ana Lopez" in content
                await _ask_on_page(page, question)
                shown = page.locator(".answer").nth(number)
                await expect(shown.locator(".said")).to_have_text(answer)
                await expect(shown.get_by_text("Verified", exact=True)).to_be_visible()

            await _look_around(slack, discord)

            asked = await slack.mention("C4", "U1", FOREIGN)
            assert "not sure" in (await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown

            asked = await slack.mention("C5", "U1", NEAR)
            unsure = await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
            assert "Did you mean" in str(unsure.blocks)
            await slack.choose(unsure, "U2", 0)
            chosen = await slack.wait_for_message(thread_ts=asked.ts, count=2, seconds=30)
            assert "Verified by Ana Lopez" in str(chosen.blocks)

            entries = json.loads(await _supportbot(home, "knowledge", "list", "--json"))
            [shoes] = [entry["entry_id"] for entry in entries if entry["answer"] == SHOES]
            await _supportbot(home, "knowledge", "retire", str(shoes), "--by", "Ana Lopez")
            await _taken_over(daemon)
            asked = await slack.mention("C6", "U1", "could I hire shoes from you?")
            assert SHOES not in (await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown
            await slack.wait_for_acks()
        log = await log_of(home)
    assert {entry["state"] for entry in log} == {"delivered"}
    verified = [entry for entry in log if entry["source"] == "approved"]
    assert len(verified) == 3 * len(IN_OTHER_WORDS) + 1
    assert all(entry["grounds"]["verified"][0]["approved_by"] == "Ana Lopez" for entry in verified)
    assert not any(question in str(daemon.lines) for question in (*IN_OTHER_WORDS, FOREIGN, NEAR))

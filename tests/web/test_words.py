"""The page in German, in a real browser whose owner reads German."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from supportbot.policies.store import Place, Policies
from tests.grounds import approved, verified
from tests.web.running import Bot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_page_speaks_as_the_browser_asks_unless_a_policy_decides(bot: Bot, browser: Browser) -> None:
    """Everything around an answer is German for a German browser; a policy for the page comes first."""
    bot.inbox.prepared["Wie lange?"] = approved(verified(), answer="Zwei Tage.")
    async with await browser.new_context(locale="de-AT") as visitor:
        page = await visitor.new_page()
        await page.goto(bot.url)
        await expect(page.get_by_role("heading", name="Hallo! Wie kann ich helfen?")).to_be_visible()
        field = page.get_by_role("textbox", name="Ihre Frage")
        await field.fill("Wie lange?")
        await field.press("Enter")
        answer = page.get_by_role("article", name="Der Bot hat geantwortet")
        await expect(answer.locator(".said")).to_have_text("Zwei Tage.")
        await expect(answer.get_by_text("Geprüft", exact=True)).to_be_visible()
        await expect(answer.locator(".origin")).to_have_text("von Ana Lopez, 27. Nov. 2026")
        await answer.get_by_role("button", name="Nicht hilfreich").click()
        form = page.get_by_role("form", name="Was war an dieser Antwort falsch?")
        await expect(form.get_by_role("button", name="Überspringen")).to_be_visible()
        await expect(form.get_by_text("Sie ist veraltet")).to_be_visible()
        await expect(page.locator(".bottom")).to_have_attribute("lang", "de")

        place = Place(platform="web", workspace="local")
        await Policies(bot.database).change(place, {"language": "en"}, "ada")
        await page.reload()
        await expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
        await Policies(bot.database).reset(place, "ada")

"""README's pictures of Slack and Discord show what the bot sends there."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.pictures.scenes import FOLDER, MEANT, SCENES, page_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("name", SCENES)
async def test_picture_shows_the_messages(browser: Browser, name: str) -> None:
    """Of each message the words, the mark, the buttons and the thumbs can be seen, and no sign of Markdown."""
    page = await browser.new_page(viewport={"width": 760, "height": 400})
    await page.set_content(page_of(SCENES[name]()))
    text = await page.locator("main").inner_text()
    assert "Refunds take 5 working days from the day" in text
    assert "https://shop.example/gift-cards" in text
    assert "Verified by Ana Lopez" in text
    assert "I'm not sure about this one" in text
    for sign in ("**", "<!", "-#", "&lt;"):
        assert sign not in text
    buttons = [await button.inner_text() for button in await page.get_by_role("button").all()]
    assert [button for button in buttons if button in MEANT] == list(MEANT)
    assert "Ask a human" in buttons
    assert sum("👍" in button for button in buttons) == 2
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert (FOLDER / f"{name}.png").is_file()
    await page.close()

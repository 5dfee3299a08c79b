"""Answers with Markdown, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.grounds import approved, verified
from tests.web.running import Bot
from tests.web.test_page import HOSTILE, answers, ask_and_wait

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = """# Returns

**Keep** the *receipt* and ~~the box~~; see [the returns page](https://shop.example/returns).

1. Print the `label`.
2. Choose a shop:
   - in town
   - on the way

> Nobody pays for it.

```sh
supportbot ask "how?"
```

| Plan | Price |
|---|---|
| A | 1 |

[bank](javascript:window.hacked=1) ![pixel](https://evil.example/p.png) <b onclick="window.hacked=1">bold</b>
"""


async def test_markdown_is_shown_as_what_it_means(bot: Bot, page: Page) -> None:
    """Headings, lists, code, tables and links are elements, after a reload as well; nothing is hidden or run."""
    bot.inbox.prepared["how?"] = approved(verified(), answer=ANSWER)
    await ask_and_wait(page, "how?")
    for reloaded in (False, True):
        if reloaded:
            await page.reload()
        said = answers(page).locator(".said")
        await expect(said.locator(".heading")).to_have_text("Returns")
        for classes, text in {"bold": "Keep", "italic": "receipt", "strike": "the box"}.items():
            await expect(said.locator(f".{classes}", has_text=text)).to_be_visible()
        await expect(said.locator("ol > li")).to_have_count(2)
        gap = await said.locator("> ol").evaluate("list => parseFloat(getComputedStyle(list).marginTop)")
        assert gap > 0
        await expect(said.locator("ol ul > li")).to_have_text(["in town", "on the way"])
        await expect(said.locator("blockquote")).to_have_text("Nobody pays for it.")
        await expect(said.locator("pre")).to_have_count(2)
        await expect(said.locator("pre").first).to_have_text('supportbot ask "how?"')
        link = said.get_by_role("link", name="https://shop.example/returns")
        await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        await expect(said).to_contain_text("the returns page (https://shop.example/returns)")
        addresses = await said.locator("a").evaluate_all("all => all.map(each => each.href)")
        assert all(address.startswith("https://") for address in addresses)
        assert await said.locator(":is(img, b, script, iframe)").count() == 0
        assert await page.evaluate("window.hacked") is None


async def test_hostile_answers_are_text(bot: Bot, page: Page) -> None:
    """What looks like markup in an answer is shown as it is, beside real Markdown too."""
    for number, text in enumerate(HOSTILE.values()):
        bot.inbox.prepared[f"question {number}"] = approved(verified(), answer=f"**Note:** {text}")
        await ask_and_wait(page, f"question {number}")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("[role=log] :is(b, img, script, iframe)").count() == 0

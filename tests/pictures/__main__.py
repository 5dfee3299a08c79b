"""``python -m tests.pictures``: draws docs/images/slack.png and discord.png, which README shows.

The thumbs need a font with emoji (`apt install fonts-noto-color-emoji`).
"""

from __future__ import annotations

import asyncio

from tests.pictures.scenes import FOLDER, SCENES, page_of
from tests.web.browsing import open_browser


async def main() -> None:
    """Draw each scene."""
    async with open_browser() as browser:
        for name, scene in SCENES.items():
            page = await browser.new_page(viewport={"width": 760, "height": 400}, device_scale_factor=2)
            await page.set_content(page_of(scene()))
            await page.locator("main").screenshot(path=FOLDER / f"{name}.png")
            await page.close()


if __name__ == "__main__":
    asyncio.run(main())

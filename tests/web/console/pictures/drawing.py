"""Draws the pages: at a size, in light or dark, and as small as a picture of text can be."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, FloatRect, Page, expect

from supportbot.access.roles import Role
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.core import Core
from tests.web.console.pictures.shop import Shop
from tests.web.console.pictures.trial import try_out
from tests.web.console.pictures.versions import VERSION, publish
from tests.web.console.pictures.words import ADMIN, NAME
from tests.web.console.running import Running, run_console, signed_in

FOLDER = Path(__file__).parents[4] / "docs" / "images"

MOST_BYTES = 150_000
"""What a picture may have; docs are loaded on phones as well."""

DESK, PHONE = (1440, 1000), (390, 844)

_LEAST_HEIGHT, _MARGIN = 420, 24
"""In pixels."""

_COLOURS = 256
"""Of the palette: pages have few, but their letters have soft edges."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture.

    Attributes:
        path: of the page, with ``{entry}`` and ``{question}`` where a number goes.
        seen: a selector of what is there when the page is complete.
        size: of the window, in pixels.
        scheme: of its colours.
        prepare: what is done on the page before it is drawn.
        begin: what has happened before it is opened; the scenes after it see that as well.
    """

    path: str
    seen: str
    size: tuple[int, int] = DESK
    scheme: Literal["light", "dark"] = "light"
    prepare: Callable[[Page], Awaitable[None]] | None = None
    begin: Callable[[Core], Awaitable[None]] | None = None


async def _choose_a_rate(page: Page) -> None:
    slider = page.get_by_role("slider")
    for _ in range(3):
        await slider.press("ArrowRight")
    await slider.blur()


async def _try_a_question(page: Page) -> None:
    await page.get_by_label("Question").fill("when do you close in the evening")
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.locator(".side dl")).to_have_count(2, timeout=60_000)


_TODAY, _REVIEW = ("/today", ".gap >> nth=2"), ("/review", ".reviewing mark, .reviewing .entries li >> nth=0")
_TRIAL = ("/models/trial", "figure svg")

SCENES = {
    "console-today": Scene(*_TODAY),
    "console-review": Scene(*_REVIEW),
    "console-knowledge": Scene("/knowledge", "tbody tr >> nth=5"),
    "console-conversations": Scene("/conversations", "tbody tr >> nth=5"),
    "console-models": Scene("/models", "tbody tr >> nth=2"),
    "console-playground": Scene("/playground", "fieldset", size=(1440, 1400), prepare=_try_a_question),
    "console-settings": Scene("/settings", "tbody tr >> nth=2"),
    "console-entry": Scene("/knowledge/{entry}", "section .bold", size=(1440, 1060)),
    "console-sureness": Scene("/knowledge/sureness", ".chart svg", size=(1440, 1100), prepare=_choose_a_rate),
    "console-conversation": Scene("/conversations/{question}", "dl"),
    "console-version": Scene(f"/models/{VERSION}", ".chart svg"),
    "console-train": Scene("/models/train", ".lesson button"),
    "console-audit": Scene("/settings/audit", "tbody tr >> nth=5"),
    "console-today-phone": Scene(*_TODAY, size=PHONE),
    "console-today-dark": Scene(*_TODAY, scheme="dark"),
    "console-review-phone": Scene(*_REVIEW, size=PHONE),
    "console-review-dark": Scene(*_REVIEW, scheme="dark"),
    "console-trial": Scene(*_TRIAL, size=(1440, 1240), begin=try_out),
    "console-trial-phone": Scene(*_TRIAL, size=PHONE, begin=try_out),
}
"""The pictures by their names."""


@asynccontextmanager
async def opened(home: Path, browser: Browser) -> AsyncGenerator[Callable[[str], Awaitable[bytes]]]:
    """Run the boat hire, and give what draws a picture of it by name.

    Args:
        home: gets its data.
        browser: that draws.
    """
    settings = Settings(home=home, name=NAME)
    await initialise(settings)
    await publish(settings)
    async with run_console(home, settings=settings) as running:
        shop = Shop(running.core)
        await shop.fill()
        async with signed_in(running, browser, Role.ADMIN, ADMIN) as context:
            await shop.settle()
            page = await context.new_page()

            async def draw(name: str) -> bytes:
                return await _draw(page, running, shop, SCENES[name])

            yield draw


async def _draw(page: Page, running: Running, shop: Shop, scene: Scene) -> bytes:
    width, height = scene.size
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme=scene.scheme, reduced_motion="reduce")
    if scene.begin is not None:
        await scene.begin(running.core)
    path = scene.path.format(entry=shop.entry, question=shop.correction)
    await page.goto(f"{running.url}/console{path}")
    await expect(page.locator(scene.seen).first).to_be_visible()
    if scene.prepare is not None:
        await scene.prepare(page)
    # Below its last line a short page shows nothing; all of the rail is shown all the same.
    end = await page.evaluate("document.querySelector('#main').lastElementChild.getBoundingClientRect().bottom")
    shown = min(height, max(_LEAST_HEIGHT, round(end) + _MARGIN))
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": shown}
    return small(await page.screenshot(clip=clip, animations="disabled", caret="hide"))


def small(png: bytes) -> bytes:
    """Return a picture with a palette instead of all colours, a third as large."""
    drawn = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()

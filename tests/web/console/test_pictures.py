"""The pictures of the console in the docs are what it looks like today."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser

from bot.web.console.pages import PAGES
from tests.web.console.pictures.drawing import FOLDER, MOST_BYTES, SCENES, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = [f"console-{page}" for page in PAGES]
"""Those that the test draws anew: one of each page."""

BAND = 0.3
"""How much larger or smaller a file may be: days, times and letters' edges differ, what a page shows does not."""

SLACK_PIXELS = 60
"""Likewise of the height of a page that ends above the window's edge: a date may take one more line."""


def size_of(picture: bytes) -> tuple[int, int]:
    """Return width and height in pixels."""
    with Image.open(io.BytesIO(picture)) as opened_picture:
        return opened_picture.size


async def test_pages_look_as_in_the_docs(browser: Browser, home: Path) -> None:
    """Drawn anew, each page has the size of its picture, in pixels and nearly so in bytes."""
    wrong = []
    async with opened(home, browser) as draw:
        for name in DRAWN:
            now, before = await draw(name), (FOLDER / f"{name}.png").read_bytes()
            (width, height), (old_width, old_height) = size_of(now), size_of(before)
            is_near = abs(len(now) - len(before)) <= BAND * len(before)
            if width != old_width or abs(height - old_height) > SLACK_PIXELS or not is_near:
                wrong.append(
                    f"{name}: {width}x{height}, {len(now)} bytes; {old_width}x{old_height}, {len(before)}"
                )
    assert wrong == [], "python -m tests.web.console.pictures draws them anew; look at each"


async def test_pictures_are_there_small_and_shown() -> None:
    """Each is in the docs, with words for who does not see it, and is soon loaded."""
    docs = "".join(
        path.read_text("utf-8") for path in (FOLDER.parent / "console.md", FOLDER.parents[1] / "README.md")
    )
    for name, scene in SCENES.items():
        picture = (FOLDER / f"{name}.png").read_bytes()
        assert len(picture) <= MOST_BYTES, name
        assert size_of(picture)[0] == scene.size[0], name
        assert re.search(rf"!\[[^\]]{{20,}}\]\((docs/)?images/{name}\.png\)", docs), name
    assert {path.stem for path in FOLDER.glob("console-*.png")} == set(SCENES)

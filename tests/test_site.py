"""The documentation as a site: it builds without a warning, and a browser needs nothing else to show it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.documents import ROOT
from tests.web.browsing import open_browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: each warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    asyncio.run(_build(folder))
    return folder


@pytest.fixture
async def address(site: Path) -> AsyncGenerator[str]:
    """Where the site is served."""
    app = web.Application()
    app.router.add_static("/", site)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_diagrams_are_drawn_and_nothing_is_asked_elsewhere(address: str) -> None:
    """A page with diagrams shows them as drawings, and the browser asks nobody but the site."""
    asked: list[str] = []
    async with open_browser() as browser:
        page = await browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{address}/architecture.html")
        diagrams = page.locator("div.mermaid")  # the theme puts one in place of each block of code
        await expect(diagrams).to_have_count(2)
        boxes = [await diagrams.nth(index).bounding_box() for index in range(2)]
    assert all(box and box["height"] > 100 for box in boxes)
    assert [one for one in asked if not one.startswith(address)] == []


async def _build(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)),
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()

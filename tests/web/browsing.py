"""A real, headless browser, for tests that look at the page."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-quic",
    "--disable-background-networking",
    "--disable-gpu",
)


@asynccontextmanager
async def open_browser() -> AsyncGenerator[Browser]:
    """Start a browser of the machine, since Playwright's own would have to be fetched."""
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        pytest.fail(f"The page is tested in a browser: install one of {', '.join(_BROWSERS)}.")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=executable, args=[*_FLAGS])
        yield launched
        await launched.close()

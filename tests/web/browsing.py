"""A real, headless browser, for tests that look at the page."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

OFF = (
    # What is shown below the bar for addresses: two pages, loaded for each window though nobody sees the bar.
    # Without them a page opens in 1.10 s of processor time instead of 1.34.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    # Playwright's own list, which does not count beside another one; tests/web/test_browsing.py compares them.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
)
"""What the browser does without."""

_FLAGS = (
    f"--disable-features={','.join(OFF)}",
    "--no-sandbox",  # CI runs as root
    "--disable-quic",
    "--disable-background-networking",
    "--disable-gpu",
    "--font-render-hinting=none",  # letters stand where a screen has them
    # A process for each page, and one that draws, took a sixth of the time of opening a page.
    "--renderer-process-limit=1",
    "--in-process-gpu",
)

PATIENCE_MS = 60_000
"""Milliseconds: a busy machine takes seconds where an idle one takes none, and a test that fails may wait."""

expect.set_options(timeout=PATIENCE_MS)


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

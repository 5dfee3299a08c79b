"""The page as a person meets it: a real browser, a real server, a real database and a real model."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from bot.web.welcome import STARTER
from tests.web.browsing import PATIENCE_MS, open_browser
from tests.web.running import Bot, run_bot


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bot(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    """A bot that runs as long as the tests of a module."""
    home = tmp_path_factory.mktemp("home")
    shutil.copyfile(migrated_sqlite, home / "supportbot.db")
    async with run_bot(home) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """A headless browser; one module's tests after the other's open windows of their own in it."""
    async with open_browser() as launched:
        yield launched


@dataclass
class Watch:
    """What a browser did that nobody would see: where it asked, and what it complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Begin to watch a page."""
        page.on("request", self._on_request)
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self, url: str) -> None:
        """Fail if it complained, or asked elsewhere than at a server."""
        assert self.complaints == []
        assert [one for one in self.requests if not one.startswith((f"{url}/", _socket(url), "data:"))] == []

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest_asyncio.fixture(loop_scope="session")
async def watch() -> Watch:
    """What the browser does in this test."""
    return Watch()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window(browser: Browser) -> AsyncGenerator[BrowserContext]:
    """A window with an empty tab; to open one for each test takes as long as to open the page in it."""
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    await context.new_page()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(bot: Bot, window: BrowserContext) -> AsyncGenerator[BrowserContext]:
    """Somebody who was never here, with cookies of their own; afterwards the window knows nothing of them."""
    yield window
    empty, *opened = window.pages
    for page in opened:
        await page.close()
    await window.clear_cookies()
    session = await window.new_cdp_session(empty)
    await session.send("Storage.clearDataForOrigin", {"origin": bot.url, "storageTypes": "all"})
    await session.detach()


@pytest_asyncio.fixture(loop_scope="session")
async def page(bot: Bot, visitor: BrowserContext, watch: Watch) -> AsyncGenerator[Page]:
    """The page, freshly opened; nothing that a test does may make the browser complain or ask elsewhere."""
    bot.gate.open()
    bot.doubt(None)
    bot.inbox.prepared.clear()
    bot.reception.welcome, bot.reception.is_closed = STARTER, False
    opened = await visitor.new_page()
    watch.attach(opened)
    await opened.goto(bot.url)
    yield opened
    watch.check(bot.url)


def _socket(url: str) -> str:
    return url.replace("http", "ws", 1) + "/"

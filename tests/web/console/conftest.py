"""The console as an operator meets it: a real browser in which somebody has signed in."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from supportbot.access.roles import Role
from tests.web.conftest import Watch
from tests.web.console.running import Running, run_console, signed_in


@pytest.fixture(scope="module")
def kept_home(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for all tests of a module, with a migrated database and the starter model."""
    return Path(shutil.copytree(prepared_home, tmp_path_factory.mktemp("kept") / "home"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(kept_home: Path) -> AsyncGenerator[Running]:
    """A bot with its console that runs as long as the tests of a module."""
    async with run_console(kept_home) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def admin(running: Running, browser: Browser, watch: Watch) -> AsyncGenerator[Page]:
    """A fresh tab of an admin; nothing that a test does may make the browser complain or ask elsewhere."""
    async with signed_in(running, browser, Role.ADMIN) as context:
        page = await context.new_page()
        watch.attach(page)
        yield page
        watch.check(running.url)


@pytest_asyncio.fixture(loop_scope="session")
async def curator(running: Running, browser: Browser, watch: Watch) -> AsyncGenerator[Page]:
    """Likewise, of a curator."""
    async with signed_in(running, browser, Role.CURATOR) as context:
        page = await context.new_page()
        watch.attach(page)
        yield page
        watch.check(running.url)

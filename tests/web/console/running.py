"""The console as it runs in production: the real core on the starter model behind the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from playwright.async_api import Browser, BrowserContext

from bot.web.app import build_web
from bot.web.sender import WebSender
from bot.web.server import WebServer
from supportbot.access.roles import Role
from supportbot.bootstrap import initialise, open_core
from supportbot.config import Settings
from supportbot.core import Core
from supportbot.db.shared_key import page_key
from supportbot.db.states import JobKind
from supportbot.feedback.consent import may_be_learned_from
from supportbot.jobs.commands import MODULES
from supportbot.jobs.jobs import Jobs
from tests.web.browsing import PATIENCE_MS


@dataclass(frozen=True)
class Running:
    """A bot with its console."""

    url: str
    core: Core

    async def link(self, name: str, role: Role) -> str:
        """Return a link that signs somebody in once."""
        return f"{self.url}/console/sign-in?token={await self.token(name, role)}"

    async def token(self, name: str, role: Role) -> str:
        """Return what such a link has in it."""
        return (await self.core.console.access.links.invite(name, role, "test")).secret


@asynccontextmanager
async def run_console(
    home: Path, *, settings: Settings | None = None, modules: Mapping[JobKind, str] = MODULES
) -> AsyncGenerator[Running]:
    """Run everything but the chat platforms, with its data in ``home``, by default without an encoder.

    Args:
        home: of the bot.
        settings: in place of those.
        modules: what its jobs run.
    """
    chosen = settings or Settings(home=home, encoder="none")
    await initialise(chosen)
    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(open_core(chosen, platforms=("web",), daemon=True))
        if modules is not MODULES:
            jobs = Jobs(chosen, core.database, modules=modules)
            stack.push_async_callback(jobs.aclose)
            core = replace(core, console=replace(core.console, jobs=jobs))
        await core.prepare()

        async def readiness() -> Mapping[str, str]:
            return {}

        app = build_web(
            core.service,
            model_version=lambda: core.model_version,
            readiness=readiness,
            settings=chosen,
            key=await page_key(core.database),
            is_learned_from=partial(may_be_learned_from, core.database, "web"),
            welcome=core.welcome,
            console=core.console if chosen.console_is_on else None,
        )
        server = await stack.enter_async_context(WebServer(app, "127.0.0.1", 0, console_port=chosen.console_port))
        dispatcher = core.add_sender(WebSender())
        loops = [asyncio.create_task(loop.run()) for loop in (core.worker, dispatcher, core.knowledge)]
        yield Running(server.url, core)
        await core.worker.drain(1)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


@asynccontextmanager
async def signed_in(
    running: Running, browser: Browser, role: Role, name: str = "", **options: object
) -> AsyncGenerator[BrowserContext]:
    """Give a browser in which somebody of a role has signed in; ``options`` are Playwright's for a context.

    They have sent the form of their link, and looked at no page.
    """
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    token = await running.token(name or f"{role} of tests", role)
    answer = await context.request.post(
        f"{running.url}/console/sign-in", form={"token": token}, headers={"Origin": running.url}, max_redirects=0
    )
    assert answer.headers["location"] == "/console", await answer.text()
    yield context
    await context.close()

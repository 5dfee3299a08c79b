"""The web application: probes, the page behind its guards, and whatever routes the daemon adds.

NiceGUI keeps one application per process. Building again replaces the page of the one before, which is what a
process with one daemon, or a test session with many, needs.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.requests import Request

from bot.web.guard import SameOriginOnly, SecurityHeaders
from bot.web.health import Readiness, build_probes
from bot.web.page import Chat
from bot.web.visitor import ConversationCookie, conversation_of
from bot.web.welcome import Welcome, welcome_to_starter
from supportbot.config import Settings
from supportbot.service import Service

_TITLE = "Support bot"
_FAVICON = Path(__file__).with_name("favicon.svg")
_PAGE_SECONDS = 10.0
"""How long reading the conversation may take before the browser is told that something is wrong."""


def build_web(
    service: Service,
    *,
    model_version: Callable[[], str],
    readiness: Readiness,
    settings: Settings,
    welcome: Callable[[], Awaitable[Welcome]] = welcome_to_starter,
) -> FastAPI:
    """Return the application with the page at ``/`` and the probes beside it.

    Routes that are added afterwards come before the page, which gets what nobody else claims.

    Args:
        service: the support bot.
        model_version: names the model that answers now; empty while none is asked.
        readiness: see ``health.Readiness``.
        settings: for the name under which the page is reached.
        welcome: what a visitor finds now; asked at every visit.
    """

    @ui.page("/", title=_TITLE, language="en-US", dark=None, response_timeout=_PAGE_SECONDS)
    async def page(request: Request) -> None:
        await Chat(service, conversation_of(request)).open(model_version(), welcome)

    app = FastAPI(
        title=_TITLE,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_nicegui_lifespan,
    )
    app.add_middleware(SecurityHeaders)
    app.include_router(build_probes(readiness))
    _configure_nicegui()
    # Not mounted at "/", where it would swallow every route that is added later.
    app.router.default = SameOriginOnly(ConversationCookie(nicegui.app), hosts=[settings.web_host])
    return app


@asynccontextmanager
async def _nicegui_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with nicegui.app.router.lifespan_context(nicegui.app):
        yield


def _configure_nicegui() -> None:
    # Middleware can't be added to an application that has served already, even if under another server.
    nicegui.app.user_middleware.clear()
    nicegui.app.middleware_stack = None
    # Its warnings are about what strangers ask for, such as paths that don't exist.
    logging.getLogger("nicegui").setLevel(logging.ERROR)
    # The application that this call prepares is thrown away: its start searches every object of the process for
    # the server, which makes torch's lazy ones warn that they are deprecated. Tailwind would compile in the
    # browser, which the security policy forbids, and the style sheet is our own.
    ui.run_with(FastAPI(), title=_TITLE, favicon=_FAVICON, tailwind=False, show_welcome_message=False)

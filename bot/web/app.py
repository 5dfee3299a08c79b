"""The web application: the page and the probes behind their guards, and whatever routes the daemon adds.

NiceGUI keeps one application per process. Building again replaces the page of the one before, which is what a
process with one daemon, or a test session with many, needs.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp

from bot.web.console.app import NoConsole, guard_console
from bot.web.frames import FrameGuard
from bot.web.guard import SameOriginOnly, SecurityHeaders
from bot.web.health import Readiness, Remarks, build_probes, no_remarks
from bot.web.nonce import ScriptNonce
from bot.web.page import Chat
from bot.web.visitor import ConversationCookie, conversation_of
from bot.web.visits import make_room
from bot.web.welcome import Welcome, welcome_to_starter
from supportbot.config import Settings
from supportbot.console import Console
from supportbot.db.states import LOCAL_WORKSPACE, PUBLIC_WORKSPACE
from supportbot.policies.store import Place
from supportbot.service import Service
from supportbot.words import nearest, preferred

_TITLE = "Support bot"
_FAVICON = Path(__file__).with_name("favicon.svg")
_PAGE_SECONDS = 10.0
"""How long reading the conversation may take before the browser is told that something is wrong."""


def build_web(
    service: Service,
    *,
    model_version: Callable[[], str],
    readiness: Readiness,
    remarks: Remarks = no_remarks,
    settings: Settings,
    key: bytes,
    is_learned_from: Callable[[str], Awaitable[bool]],
    welcome: Callable[[], Awaitable[Welcome]] = welcome_to_starter,
    console: Console | None = None,
) -> FastAPI:
    """Return the application with the page at ``/`` and the probes beside it.

    Routes that are added afterwards come before the page, which gets what nobody else claims, and are served under
    any name.

    Args:
        service: the support bot.
        model_version: names the model that answers now; empty while none is asked.
        readiness: see ``health.Readiness``.
        remarks: see ``health.Remarks``.
        settings: for the names under which the page is reached.
        key: signs the visitors' cookies; the same in all daemons of a database.
        is_learned_from: tells whether what is asked in a workspace of the page may be used for training; asked at
            every visit.
        welcome: what a visitor finds now; asked at every visit.
        console: what operators ask and do at ``/console``; None serves nothing there.
    """

    if console is not None:
        console.today.problems = readiness
    workspace = LOCAL_WORKSPACE if settings.page_is_local else PUBLIC_WORKSPACE

    @ui.page("/", title=_TITLE, language="en-US", dark=None, response_timeout=_PAGE_SECONDS)
    async def page(request: Request) -> None:
        make_room(ui.context.client, by_address=not settings.page_is_proxied)
        locale = nearest(*preferred(request.headers.get("accept-language", "")))
        words = await service.words(Place(platform="web", workspace=workspace), locale)
        await Chat(service, workspace, conversation_of(request), words).open(
            model_version(), welcome, partial(is_learned_from, workspace)
        )

    app = FastAPI(
        title=_TITLE,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_nicegui_lifespan,
        exception_handlers={ClientDisconnect: _nobody_is_left},
    )
    app.add_middleware(SecurityHeaders)
    _configure_nicegui()
    origins = settings.page_origins
    probes = build_probes(readiness, remarks)
    # Not mounted at "/", where it would swallow every route that is added later.
    pages: ASGIApp = FrameGuard(ScriptNonce(nicegui.app))
    pages = guard_console(pages, console, settings, model_version) if console else NoConsole(pages)
    probes.default = ConversationCookie(pages, key, origins)
    app.router.default = SameOriginOnly(probes, hosts=[settings.web_host], origins=origins)
    return app


def add_page(app: FastAPI, path: str, page: Callable[[Request], Awaitable[Response]], settings: Settings) -> None:
    """Serve a page of a platform, under the names of our own page alone."""
    guarded = SameOriginOnly(request_response(page), hosts=[settings.web_host], origins=settings.page_origins)
    app.router.routes.append(Route(path, guarded, methods=["GET"], include_in_schema=False))


@asynccontextmanager
async def _nicegui_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with nicegui.app.router.lifespan_context(nicegui.app):
        yield


async def _nobody_is_left(request: Request, error: Exception) -> Response:
    """Answer a request whose sender has gone or was too slow: no mistake of ours, and so no line in the log."""
    return PlainTextResponse("The request did not arrive whole.", status_code=400)


async def _not_found(request: Request, error: Exception) -> Response:
    """Answer what isn't there; NiceGUI would build a page for each and wait a minute for its browser."""
    return PlainTextResponse("There is nothing here.", status_code=404)


def _configure_nicegui() -> None:
    # Middleware can't be added to an application that has served already, even if under another server.
    nicegui.app.user_middleware.clear()
    nicegui.app.middleware_stack = None
    nicegui.app.add_exception_handler(404, _not_found)
    nicegui.app.config.socket_io_js_transports = ["websocket"]
    # Its warnings are about what strangers ask for, such as paths that don't exist.
    logging.getLogger("nicegui").setLevel(logging.ERROR)
    # The application that this call prepares is thrown away: its start searches every object of the process for
    # the server, which makes torch's lazy ones warn that they are deprecated. Tailwind would compile in the
    # browser, which the security policy forbids, and the style sheet is our own.
    ui.run_with(FastAPI(), title=_TITLE, favicon=_FAVICON, tailwind=False, show_welcome_message=False)

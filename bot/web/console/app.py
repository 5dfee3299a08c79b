"""The console's pages as routes of the web application, behind their door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from typing import Protocol, runtime_checkable

from nicegui import ui
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.console.entrance.door import ConsoleDoor, is_of_console
from bot.web.console.entrance.entrance import Entrance
from bot.web.console.entrance.owners import Owners
from bot.web.console.frame import Bearings, Frame
from bot.web.console.pages import FIRST, PAGES, ROOT
from bot.web.console.parts.acting import failure
from bot.web.console.visit import Visit
from bot.web.visits import make_room
from supportbot.access.sessions import Session
from supportbot.config import Settings
from supportbot.console import Console

_PATHS = (ROOT, f"{ROOT}/{{name}}", f"{ROOT}/{{name}}/{{argument:path}}")
_PAGE_SECONDS = 10.0
"""How long a page may take before the browser is told that something is wrong."""

_RECONNECT_SECONDS = 60.0
"""How long a page waits for a browser that was cut off; what was typed would be lost with it."""

Build = Callable[[Visit], Awaitable[None]]


@runtime_checkable
class _Counting(Protocol):
    async def count_open(self) -> int: ...


class NoConsole:
    """Serves everything but the console.

    Args:
        app: the pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        is_console = scope["type"] == "http" and is_of_console(scope["path"])
        nothing = PlainTextResponse("There is nothing here.", status_code=404)
        await (nothing if is_console else self._app)(scope, receive, send)


def guard_console(
    pages: ASGIApp, console: Console, settings: Settings, model_version: Callable[[], str]
) -> ASGIApp:
    """Build the console's pages, and return the application with their door before it.

    Args:
        pages: NiceGUI's application.
        console: what the pages ask and do.
        settings: for the names under which the pages are reached.
        model_version: names the model that answers now; empty while none is asked.
    """
    owners = Owners()
    entrance = Entrance(console.access, settings.name, settings.language)

    async def page(request: Request) -> None:
        session: Session = request.state.session
        owners.add(ui.context.client, session)
        make_room(ui.context.client, by_address=not settings.page_is_proxied)
        shown = PAGES[request.path_params.get("name", FIRST)]
        words = entrance.words(request)
        bearings = Bearings(
            name=settings.name,
            model=model_version(),
            operator=session.operator,
            form_token=request.state.form_token,
        )
        frame = Frame(shown, bearings, words)
        visit = Visit(
            session=session,
            words=words,
            console=console,
            frame=frame,
            authorise=partial(console.access.sessions.authorise, session.id),
            argument=request.path_params.get("argument", ""),
            query=request.query_params,
            origin=request.state.origin,
        )
        build: Build = import_module(f"bot.web.console.{shown.name}").build
        try:
            for name, count in (await _count(console)).items():
                frame.show_open(name, count)
            with frame.main:
                await build(visit)
        except Exception as error:
            frame.alert(failure(error, words))

    for path in _PATHS:
        ui.page(
            path,
            title=settings.name,
            language="en-US",
            dark=None,
            response_timeout=_PAGE_SECONDS,
            reconnect_timeout=_RECONNECT_SECONDS,
        )(page)
    return ConsoleDoor(
        pages, entrance, console.access.sessions, owners, settings.page_origins, settings.console_port
    )


async def _count(console: Console) -> dict[str, int]:
    """Return how many open things each page has, where its subject counts them."""
    subjects = {name: getattr(console, name, None) for name in PAGES}
    return {name: await one.count_open() for name, one in subjects.items() if isinstance(one, _Counting)}

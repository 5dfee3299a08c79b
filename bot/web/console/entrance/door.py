"""Who is let into the console: nothing of it is served without a session, and no page to another session.

It stands before NiceGUI, so what is asked for pages, over their web sockets and for their uploads comes by here.
A web socket is looked at again while it is open: whose session ended, anywhere, loses the page within seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from bot.web.console.entrance.cookies import secret_in
from bot.web.console.entrance.entrance import Entrance, build_reload
from bot.web.console.entrance.owners import Owners
from bot.web.console.pages import PAGES, ROOT
from bot.web.console.parts.acting import failure
from bot.web.guard import host_name
from supportbot.access.address import SIGN_IN_PATH
from supportbot.access.secret import form_token
from supportbot.access.sessions import Session, Sessions
from supportbot.origins import host_of, is_loopback

RECHECK_SECONDS = 5.0
"""How long after its end a session may still look at an open page; what it does is checked each time anyway."""

_NOTHING = PlainTextResponse("There is nothing here.", status_code=404)
_OF_PAGE = re.compile(r"/_nicegui/client/([\w-]{1,64})/")
_POLICY_VIOLATION = 1008
_INTERNAL_ERROR = 1011
_NOT_HERE = (
    "The console is opened on the bot's own machine, or under an https origin of SUPPORTBOT_WEB_ORIGINS: what is "
    "sent over a network without TLS could be read along."
)


class ConsoleDoor:
    """Serves the console to who has signed in, and everything else to everybody.

    Args:
        app: the pages.
        entrance: how one signs in and out.
        sessions: who is in.
        owners: whose page is whose.
        origins: where the page is opened from other machines.
        port: at which alone the console is, and the chat page is not; 0 for no such port.
    """

    def __init__(
        self,
        app: ASGIApp,
        entrance: Entrance,
        sessions: Sessions,
        owners: Owners,
        origins: Collection[str] = (),
        port: int = 0,
    ) -> None:
        self._app = app
        self._port = port
        self._entrance = entrance
        self._sessions = sessions
        self._owners = owners
        self._https_origins = [origin for origin in origins if origin.startswith("https:")]
        self._https_hosts = set(map(host_of, self._https_origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        try:
            app, receive = await self._choose(scope, receive)
        except Exception as error:  # such as a full disk: whoever asks is told, and nobody is let in
            sentence = failure(error, self._entrance.words(HTTPConnection(scope)))
            is_socket = scope["type"] == "websocket"
            app = WebSocketClose(_INTERNAL_ERROR) if is_socket else PlainTextResponse(sentence, status_code=500)
        await app(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive) -> tuple[ASGIApp, Receive]:
        """Return what serves a connection, and what it hears."""
        app: ASGIApp = self._app
        if scope["type"] == "websocket":
            client_id = parse_qs(scope["query_string"].decode("ascii", "replace")).get("client_id", [""])[0]
            if self._owners.session_of(client_id) is not None:
                session_id = await self._admit(scope, client_id)
                if session_id is None:
                    app = WebSocketClose(_POLICY_VIOLATION)
                else:
                    receive = _Watched(receive, self._sessions, self._owners, session_id, client_id)
        elif scope["type"] == "http":
            is_own_port = self._port != 0 and scope["server"][1] == self._port
            if is_of_console(scope["path"]):
                is_here = is_own_port or not self._port
                app = await self._serve(Request(scope, receive)) if is_here else _NOTHING
            elif is_own_port and scope["path"] == "/":
                app = RedirectResponse(ROOT, status_code=303)
            elif (found := _OF_PAGE.match(scope["path"])) and self._owners.session_of(found[1]) is not None:
                is_admitted = await self._admit(scope, found[1]) is not None
                app = app if is_admitted else PlainTextResponse("This page is somebody else's.", status_code=403)
        return app, receive

    async def _serve(self, request: Request) -> ASGIApp:
        """Return what answers a request for something of the console."""
        name = host_name(request.headers)
        is_secure = name in self._https_hosts
        if not is_secure and not is_loopback(name):
            return PlainTextResponse(_NOT_HERE, status_code=403)
        request.state.origin = self._origin(request.headers["host"], name, is_secure=is_secure)
        session = await self._session(request)
        if (response := await self._entrance.answer(request, session, is_secure=is_secure)) is not None:
            return response
        if request.method not in ("GET", "HEAD") or not _is_page(request.url.path):
            return _NOTHING
        if session is None:
            return _to_sign_in(request)
        request.state.session = session
        request.state.form_token = form_token(self._secret(request))
        return self._app

    async def _admit(self, scope: Scope, client_id: str) -> int | None:
        """Return the number of the session with which a page is used, if it is the page's own.

        One whose session is over is taken away.
        """
        owner = self._owners.session_of(client_id)
        session = await self._session(HTTPConnection(scope))
        if session is None and owner is not None and not await self._sessions.is_open(owner):
            self._owners.close(client_id)
        return session.id if session is not None and session.id == owner else None

    async def _session(self, connection: HTTPConnection) -> Session | None:
        secret = self._secret(connection)
        return await self._sessions.find(secret) if secret else None

    def _secret(self, connection: HTTPConnection) -> str:
        is_secure = host_name(connection.headers) in self._https_hosts
        return secret_in(connection, is_secure=is_secure)

    def _origin(self, host: str, name: str, *, is_secure: bool) -> str:
        """Return under which origin the console was opened: one of the settings, or this machine."""
        asked = f"{'https' if is_secure else 'http'}://{host.lower()}"
        known = [origin for origin in self._https_origins if host_of(origin) == name]
        return asked if asked in known or not known else known[0]


class _Watched:
    """Receives what a page's web socket says, as long as its session is open."""

    def __init__(
        self, receive: Receive, sessions: Sessions, owners: Owners, session_id: int, client_id: str
    ) -> None:
        self._receive = receive
        self._sessions = sessions
        self._owners = owners
        self._session_id = session_id
        self._client_id = client_id
        self._next = asyncio.get_running_loop().time() + RECHECK_SECONDS

    async def __call__(self) -> Message:
        message = await self._receive()
        now = asyncio.get_running_loop().time()
        if message["type"] == "websocket.receive" and now >= self._next:
            self._next = now + RECHECK_SECONDS
            if not await self._sessions.is_open(self._session_id):
                self._owners.close(self._client_id)
                return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        return message


def is_of_console(path: str) -> bool:
    """Return whether a path is one of the console's."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def _is_page(path: str) -> bool:
    name = path.removeprefix(ROOT).lstrip("/").partition("/")[0]
    return not name or name in PAGES


def _to_sign_in(request: Request) -> Response:
    """Send somebody without a session to the sign-in.

    A strict cookie does not come with a link from elsewhere, such as one in Slack. So the browser is asked to load
    the page once more by itself, which is no link from elsewhere.
    """
    if request.headers.get("sec-fetch-site") == "cross-site":
        return build_reload()
    return RedirectResponse(SIGN_IN_PATH, status_code=303)

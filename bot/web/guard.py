"""What keeps other web sites away from the page: host names, origins and response headers.

A site that someone visits can make their browser talk to this machine. Two doors are shut here. A name that the
site points at 127.0.0.1 (DNS rebinding) is not one of ours, so its requests are refused, by the probes as well.
And a request that says it comes from another origin is refused too, web sockets included, which browsers let
through otherwise (NiceGUI itself accepts every origin). What a proxy may say in headers is believed of nobody:
which origins are ours, and whether people use https, is a setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from supportbot.origins import host_of


def content_security_policy(nonce: str = "") -> str:
    """Return what a page may do; of inline scripts it may run those with the nonce.

    NiceGUI's page styles elements inline; nothing is evaluated from strings, and nothing comes from elsewhere.
    """
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


_HEADERS = {
    "Content-Security-Policy": content_security_policy(),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with "no-referrer" our own form would come from the origin "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_FORWARDING = (b"x-forwarded-", b"forwarded")


class SecurityHeaders:
    """Adds the headers that tell a browser what this site never does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)  # the page has a policy of its own
            await send(message)

        await self._app(scope, receive, send_with_headers)


class SameOriginOnly:
    """Refuses requests under foreign names and from foreign origins, and drops the headers of proxies.

    NiceGUI would write ``X-Forwarded-Prefix``, which anybody can send, before the addresses of all its scripts.

    Args:
        app: what is protected.
        hosts: the names that are ours, besides ``localhost``. An IP address always is: rebinding needs a name.
        origins: where the page is opened as well; a host of theirs is ours.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._origin_hosts = frozenset(map(host_of, origins))
        self._hosts = {"localhost", *(host.lower() for host in hosts), *self._origin_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            if refusal := self._refusal(Headers(scope=scope)):
                response = WebSocketClose(1008) if scope["type"] == "websocket" else refusal
                await response(scope, receive, send)
                return
            headers = [header for header in scope["headers"] if not header[0].lower().startswith(_FORWARDING)]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        name = host_name(headers)
        if name not in self._hosts and not _is_address(name):
            return PlainTextResponse("This is not the name of this server.", status_code=400)
        if "origin" in headers and not self._is_own(headers["origin"].lower(), headers["host"].lower(), name):
            return PlainTextResponse("Requests from other web sites are refused.", status_code=403)
        return None

    def _is_own(self, origin: str, host: str, name: str) -> bool:
        if origin in self._origins:
            return True
        # A name of an origin is ours under that origin only: not over http, where it says https.
        return name not in self._origin_hosts and _netloc(origin) == host


def host_name(headers: Headers) -> str:
    """Return the name or address under which a request came, without its port; empty if there is none."""
    try:
        return urlsplit(f"//{headers.get('host', '').lower()}").hostname or ""
    except ValueError:
        return ""


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

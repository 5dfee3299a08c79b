"""Who is asking: a random number, kept in a signed cookie.

There is no login: whoever has the number has the conversation, so it is as long as a key, unreadable for
scripts, and only numbers that the bot made count: they carry a signature of it. All daemons of a database share
the key, which outlives a restart. The bot itself keeps a hash of the number, from which nobody gets back to it:
whoever reads the log can't open a conversation with that. "New conversation" is a form that asks for another
number.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.guard import host_name
from supportbot.origins import host_of

NEW_CONVERSATION_PATH = "/conversations"

COOKIE = "supportbot_conversation"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Browsers take a cookie of this name over https only, and from this very host: no other site can plant one."""

_NUMBER_BYTES = 16
_MAX_AGE = 30 * 24 * 3600
"""Seconds that a browser remembers the conversation after its last visit."""


class ConversationCookie:
    """Gives every visitor a conversation; the page finds its name with ``conversation_of``.

    Args:
        app: the page.
        key: signs; the same in all daemons of a database.
        origins: where the page is opened as well; the cookie is a secure one where an origin says https.
    """

    def __init__(self, app: ASGIApp, key: bytes, origins: Collection[str] = ()) -> None:
        self._app = app
        self._key = key
        self._https_hosts = {host_of(origin) for origin in origins if origin.startswith("https:")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] not in ("/", NEW_CONVERSATION_PATH):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        is_secure = host_name(Headers(scope=scope)) in self._https_hosts
        name = SECURE_COOKIE if is_secure else COOKIE
        is_new = request.url.path == NEW_CONVERSATION_PATH and request.method == "POST"
        number = None if is_new else self._number(request.cookies.get(name, ""))
        number = number or secrets.token_hex(_NUMBER_BYTES)
        request.state.conversation = hashlib.sha256(number.encode()).hexdigest()
        cookie = _set_cookie(name, f"{number}.{self._sign(number)}", is_secure=is_secure)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        app = RedirectResponse("/", status_code=303) if is_new else self._app
        await app(scope, receive, send_with_cookie)

    def _number(self, cookie: str) -> str | None:
        """Return the number in a cookie, or None if it is none of ours."""
        number, _, signature = cookie.partition(".")
        is_ours = hmac.compare_digest(self._sign(number).encode(), signature.encode())
        return number if is_ours else None

    def _sign(self, number: str) -> str:
        return hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()


def conversation_of(request: Request) -> str:
    """Return the name of the conversation that a request for the page belongs to; it opens nothing."""
    return str(request.state.conversation)


def _set_cookie(name: str, value: str, *, is_secure: bool) -> str:
    # Lax, not Strict: a link to the page from the team's wiki should find the conversation again.
    cookie = f"{name}={value}; Max-Age={_MAX_AGE}; Path=/; HttpOnly; SameSite=Lax"
    return f"{cookie}; Secure" if is_secure else cookie

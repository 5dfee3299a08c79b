"""Who is asking: a random conversation number, kept in a cookie.

There is no login: whoever has the number has the conversation, so it is as long as a key, unreadable for scripts,
and made by the server alone. That needs no secret on disk. "New conversation" is a form that asks for another.
"""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NEW_CONVERSATION_PATH = "/conversations"

_COOKIE = "supportbot_conversation"
_SHAPE = re.compile(r"[0-9a-f]{32}")
_MAX_AGE = 30 * 24 * 3600
"""Seconds that a browser remembers the conversation after its last visit."""


class ConversationCookie:
    """Gives every visitor a conversation; the page finds its number with ``conversation_of``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] not in ("/", NEW_CONVERSATION_PATH):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        is_new = request.url.path == NEW_CONVERSATION_PATH and request.method == "POST"
        known = request.cookies.get(_COOKIE, "")
        conversation = known if _SHAPE.fullmatch(known) and not is_new else uuid.uuid4().hex
        request.state.conversation = conversation

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", _set_cookie(conversation))
            await send(message)

        app = RedirectResponse("/", status_code=303) if is_new else self._app
        await app(scope, receive, send_with_cookie)


def conversation_of(request: Request) -> str:
    """Return the number of the conversation that a request for the page belongs to."""
    return str(request.state.conversation)


def _set_cookie(conversation: str) -> str:
    # Lax, not Strict: a link to the page from the team's wiki should find the conversation again.
    return f"{_COOKIE}={conversation}; Max-Age={_MAX_AGE}; Path=/; HttpOnly; SameSite=Lax"

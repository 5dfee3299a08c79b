"""The page's inline scripts, each marked with a number that only this response has.

NiceGUI's page begins with inline scripts and knows no nonce. So they are marked here, and the browser runs no
other inline script and no handler in an attribute, wherever markup might come from. What people and models wrote
is in the page with each ``<`` escaped, so it marks nothing.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.guard import content_security_policy

_CONSOLE = "/console"

_NONCE_BYTES = 16
"""128 bits, as the standard advises: https://www.w3.org/TR/CSP3/#security-nonces."""


class ScriptNonce:
    """Marks the scripts of a page; the response is held back until it is whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not _is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        # What is compressed can't be marked; the page has 20 KB, and its scripts are other responses.
        headers = [header for header in scope["headers"] if header[0].lower() != b"accept-encoding"]
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        start: Message = {}
        body = bytearray()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            marked = bytes(body).replace(b"<script", f'<script nonce="{nonce}"'.encode())
            found = MutableHeaders(scope=start)
            found["Content-Length"] = str(len(marked))
            found["Content-Security-Policy"] = content_security_policy(nonce)
            await send(start)
            await send({"type": "http.response.body", "body": marked})

        await self._app({**scope, "headers": headers}, receive, send_marked)


def _is_page(path: str) -> bool:
    return path in ("/", _CONSOLE) or path.startswith(f"{_CONSOLE}/")

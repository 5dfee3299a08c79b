"""What a browser may say over the page's web socket: a few kinds of messages, well-formed and not too many.

NiceGUI trusts its own script: it looks up what a message names, and offers events that this page has no use for,
such as writing a line into our log. So every frame is read here first. The page itself sends three kinds of
messages and answers pings; whatever else comes, nobody's browser sent, and the socket is closed without a word.

The frames are Engine.IO's with Socket.IO's inside: "40" opens, "42[…]" is an event, "3" answers a ping.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs

import msgspec
from nicegui import Client, json
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

SOCKET_PATH = "/_nicegui_ws/"

MESSAGES_A_SECOND = 20
"""Somebody who types and clicks fast sends two, and the page an "ack" every three seconds."""

BURST_SECONDS = 2.0
"""So much of that may come at once: a page that was cut off sends what it kept."""

_OPEN, _CLOSE, _PONG, _LEAVE = "40", "1", "3", "41"
_EVENT = re.compile(r"42(\d{0,3})(\[.*)", re.DOTALL)
"""The number is there when the browser wants to know that the message was handled."""

_POLICY_VIOLATION = 1008


class _Visit(msgspec.Struct, kw_only=True):
    """With what a browser comes back to the page that it got."""

    client_id: str
    document_id: str
    tab_id: str
    old_tab_id: str | None = None
    next_message_id: int | None = None


class _Event(msgspec.Struct, kw_only=True):
    """A click on an element, or what was typed in one; each argument is JSON by itself."""

    client_id: str
    id: int
    listener_id: str
    args: list[str | None]


class _Ack(msgspec.Struct, kw_only=True):
    """Which messages of ours came."""

    client_id: str
    next_message_id: int


_KINDS: dict[str, type[_Visit | _Event | _Ack]] = {"handshake": _Visit, "event": _Event, "ack": _Ack}
_NAME = re.compile(r"[\w-]{1,64}")
_VISIT_NAMES = ("client_id", "document_id", "tab_id")
_MESSAGE_NUMBER = re.compile(r"\d{1,15}")


class FrameGuard:
    """Stands before NiceGUI's socket; polling, its other way to send the same, is not offered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        if scope["type"] == "http" and scope["path"].startswith(SOCKET_PATH):
            await PlainTextResponse("The page needs a web socket.", status_code=400)(scope, receive, send)
        elif scope["type"] != "websocket":
            await self._app(scope, receive, send)
        elif client_id := _client_of(scope["query_string"]):
            await self._app(scope, _Frames(client_id, receive), send)
        else:
            await WebSocketClose(_POLICY_VIOLATION)(scope, receive, send)


class _Frames:
    """Receives what one socket may say; at the first other frame it says that the visitor has left."""

    def __init__(self, client_id: str, receive: Receive) -> None:
        self._client_id = client_id
        self._receive = receive
        self._is_open = False
        self._next = 0.0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        await self._pace()
        if self._is_fine(message.get("text")):
            return message
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    async def _pace(self) -> None:
        """Take no more messages than so many a second; what comes faster waits in its sender's machine."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - BURST_SECONDS) + 1 / MESSAGES_A_SECOND
        if self._next > now:
            await asyncio.sleep(self._next - now)

    def _is_fine(self, text: str | None) -> bool:
        if text is None:  # bytes
            return False
        if text == _OPEN:  # each one opens a session of its own
            is_first, self._is_open = not self._is_open, True
            return is_first
        if text in (_PONG, _CLOSE, _LEAVE):
            return True
        frame = _EVENT.fullmatch(text)
        return self._is_open and frame is not None and self._is_known(frame[2])

    def _is_known(self, payload: str) -> bool:
        """Return whether an event is one that this page's script sends, to an element that there is."""
        try:
            match json.loads(payload):  # as NiceGUI will
                case [str(name), body] if name in _KINDS:
                    event = msgspec.convert(body, _KINDS[name])
                case _:
                    return False
            if isinstance(event, _Event):
                for argument in event.args:
                    json.loads(argument or "null")
        except (ValueError, msgspec.ValidationError):
            return False
        return event.client_id == self._client_id and (not isinstance(event, _Event) or _has_listener(event))


def _has_listener(event: _Event) -> bool:
    """Return whether NiceGUI finds what an event names; what has left the page in the meantime may be named."""
    client = Client.instances.get(event.client_id)
    element = client and client.elements.get(event.id)
    return not element or event.listener_id in element._event_listeners


def _client_of(query: bytes) -> str | None:
    """Return which page a socket belongs to, or None if its address is not one that this page's script makes."""
    try:
        found = parse_qs(query.decode(), strict_parsing=True, max_num_fields=20)
    except ValueError:
        return None
    fields: dict[str, Any] = {name: values[0] for name, values in found.items()}
    is_ours = (
        (fields.get("EIO"), fields.get("transport")) == ("4", "websocket")
        and "sid" not in fields  # there is no other transport that it could take the place of
        and all(_NAME.fullmatch(fields.get(name, "")) for name in _VISIT_NAMES)
        and _MESSAGE_NUMBER.fullmatch(fields.get("next_message_id", ""))
    )
    return str(fields["client_id"]) if is_ours else None

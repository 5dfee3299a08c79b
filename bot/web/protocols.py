"""Uvicorn's protocols with deadlines: each thing that a visitor makes us wait for has a time by which it is there.

A connection is always in one of three phases: we wait for the header of a request, for the rest of its body, or
the visitor waits for the response and reads it. No phase lasts longer than its deadline, however many bytes
trickle in. A web socket has no such end, and Engine.IO's pings see that it is alive; but its visitor has to
read.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from bot.web.connections import Connections

REQUEST_SECONDS = 10.0
"""From the opening, or from the end of the last response, to a whole header; nginx gives 60, browsers need one."""

BODY_SECONDS = 10.0
"""For the rest of the body. The largest are Slack's, far below 1 MB and sent from a data centre."""

RESPONSE_SECONDS = 60.0
"""For our work and the reading: the page's largest file has 500 KB."""

STALLED_SECONDS = 30.0
"""For the reading of what was sent over a web socket."""

MAX_HEADER_BYTES = 64 * 1024
"""As h11, uvicorn's other parser, has it; httptools knows no limit of its own."""

MAX_FRAME_BYTES = 64 * 1024
"""A question of 4,000 characters has 28 KB if each of them must be escaped twice."""


class Config(uvicorn.Config):
    """Uvicorn's configuration, with these protocols and the connections that they count."""

    def __init__(self, app: ASGIApp, connections: Connections, **options: Any) -> None:
        self.connections = connections
        super().__init__(
            app,
            http=HTTP,
            ws=WebSocket,
            ws_max_size=MAX_FRAME_BYTES,
            ws_per_message_deflate=False,  # frames are small, and each compressor keeps tens of KB
            **options,
        )


class HTTP(HttpToolsProtocol):
    """One connection, until it ends or becomes a web socket."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections = cast(Config, config).connections
        self._deadline: asyncio.TimerHandle | None = None
        self._is_in_header = True
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._within(REQUEST_SECONDS)
        self._connections.enter(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._cancel()
        self._connections.leave(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, up to the size that a header may have."""
        if self._is_in_header:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > MAX_HEADER_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Begin to wait for the body."""
        self._is_in_header, self._header_bytes = False, 0
        self._within(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Let the visitor wait, unless the response was sent before the request was whole."""
        self._is_in_header = True
        if self.cycle is not None and not self.cycle.response_complete:
            self._connections.work(self.transport)
            self._within(RESPONSE_SECONDS)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, unless it is here already."""
        if self.cycle.response_complete:
            self._connections.wait(self.transport)
            self._within(REQUEST_SECONDS)
        else:
            self._within(RESPONSE_SECONDS)
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        self._cancel()
        self._connections.work(self.transport)
        super().handle_websocket_upgrade()

    def _within(self, seconds: float) -> None:
        self._cancel()
        # Not close(): that waits until everything is sent, and somebody may never read.
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class WebSocket(WebSocketsSansIOProtocol):
    """A connection that has become a web socket."""

    _stalled: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._cancel()
        cast(Config, self.config).connections.leave(self.transport)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until the peer has read what was sent, but not for ever."""
        super().pause_writing()
        self._cancel()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._cancel()
        super().resume_writing()

    def _cancel(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

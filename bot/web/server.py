"""The HTTP server: uvicorn inside the daemon's own event loop.

The socket is bound before uvicorn hears of it, so a taken port is a sentence for the operator instead of an exit
in the middle of a library. Who may stay connected, and for how long, is in ``connections`` and ``protocols``. It
knows nothing of what it serves, and leaves signals to the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from bot.web.connections import Connections, accepted_at_once, most_connections
from bot.web.listener import listen
from bot.web.protocols import Config
from supportbot.errors import ConfigError

_SHUTDOWN_SECONDS = 2
"""How long open connections may finish; the daemon as a whole has ten seconds."""


class WebServer:
    """Serves an ASGI application while the ``async with`` block lasts.

    Args:
        app: what is served.
        host: address to listen on.
        port: 0 takes any free one; ``port`` then tells which.
        is_proxied: whether connections come from a proxy, so that many have one address.
        console_port: where the application is served as well; 0 for nowhere.
    """

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, is_proxied: bool = False, console_port: int = 0
    ) -> None:
        self._host = host
        self.port = port
        self._console_port = console_port
        most = most_connections()
        self._server = _Server(
            Config(
                app,
                Connections(most, by_address=not is_proxied),
                backlog=accepted_at_once(most),
                log_config=None,  # logging is the daemon's own
                log_level="error",  # uvicorn's warnings are about what strangers send, a line for each
                access_log=False,  # probes would drown everything else
                proxy_headers=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: the address cannot be had; the sentence names the setting.
        """
        listeners: list[socket.socket] = [await listen(self._host, self.port)]
        self.port = listeners[0].getsockname()[1]
        try:
            if self._console_port:
                listeners.append(await listen(self._host, self._console_port, "SUPPORTBOT_CONSOLE_PORT"))
        except ConfigError:
            listeners[0].close()
            raise
        self._task = asyncio.create_task(self._server.serve(sockets=listeners), name="web-server")
        started = asyncio.create_task(self._server.is_started.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if not self._server.started:
            started.cancel()
            for listener in listeners:
                listener.close()
            await self._task
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening, let what is open finish, and close it after a while."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    """Uvicorn that says when it has started and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_started = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as error:
            raise RuntimeError("the web application could not start; the log says why") from error
        self.is_started.set()

"""The HTTP server: uvicorn inside the daemon's own event loop.

The socket is bound here, before uvicorn hears of it, so a taken port is a sentence for the operator instead of an
exit in the middle of a library. It knows nothing of what it serves, and leaves signals to the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from supportbot.errors import ConfigError

_SHUTDOWN_SECONDS = 2
"""How long open connections may finish; the daemon as a whole has ten seconds."""

_SOURCE_PORTS_FOR_ROOT = 1024
"""Lower ports may be bound by root only, on most systems."""


class WebServer:
    """Serves an ASGI application while the ``async with`` block lasts.

    Args:
        app: what is served.
        host: address to listen on.
        port: 0 takes any free one; ``port`` then tells which.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self.port = port
        # log_config: logging is the daemon's own. Requests are not logged: probes would drown everything else.
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
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
        listener = await _bind(self._host, self.port)
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web-server")
        started = asyncio.create_task(self._server.is_started.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if not self._server.started:
            started.cancel()
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


async def _bind(host: str, port: int) -> socket.socket:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"Port {port} on {host} is taken by another program: set SUPPORTBOT_WEB_PORT to a free port or "
                "to 0, which takes any, or stop that program."
            ) from error
        if error.errno == errno.EACCES:
            raise ConfigError(
                f"Port {port} is not allowed for this user: set SUPPORTBOT_WEB_PORT to {_SOURCE_PORTS_FOR_ROOT} "
                "or above."
            ) from error
        raise ConfigError(
            f"'{host}' is not an address of this machine: set SUPPORTBOT_WEB_HOST to 127.0.0.1 for this machine "
            "only, or to 0.0.0.0 for all its networks."
        ) from error

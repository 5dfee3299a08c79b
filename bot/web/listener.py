"""The listening socket: bound with a sentence for the operator, and calm when descriptors run out.

Without a free descriptor a connection can't be accepted, and stays in the queue. asyncio tries again as often as
its queue is long, and writes a line about each attempt. Here one descriptor is kept for that moment: with it the
connection is accepted and closed, so its visitor knows and the queue empties.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any

from supportbot.errors import ConfigError

_SOURCE_PORTS_FOR_ROOT = 1024
"""Lower ports may be bound by root only, on most systems."""

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


class Listener(socket.socket):
    """A listening socket with a spare descriptor.

    Args:
        listening: what it takes the place of.
    """

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(fileno=listening.detach())
        self._spare: int | None = None
        self._keep_spare()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection.

        Raises:
            ConnectionAbortedError: there is no descriptor for it, so it was closed.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NO_DESCRIPTOR:
                raise
        self._drop_spare()
        try:
            refused, _ = super().accept()
            refused.close()
        finally:
            self._keep_spare()
        raise ConnectionAbortedError(errno.ECONNABORTED, "there is no descriptor for another connection")

    def close(self) -> None:
        """Stop listening."""
        super().close()
        self._drop_spare()

    def _keep_spare(self) -> None:
        try:
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # a thread was faster; the next attempt has what is free then
            self._spare = None

    def _drop_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


async def listen(host: str, port: int, setting: str = "SUPPORTBOT_WEB_PORT") -> Listener:
    """Listen on an address; port 0 takes any free one.

    Args:
        host: the address.
        port: of it.
        setting: what the operator sets the port with.

    Raises:
        ConfigError: it cannot be had; the sentence names the setting.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        return Listener(socket.create_server(address[:2], family=family))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"Port {port} on {host} is taken by another program: set {setting} to a free port or "
                "to 0, which takes any, or stop that program."
            ) from error
        if error.errno == errno.EACCES:
            raise ConfigError(
                f"Port {port} is not allowed for this user: set {setting} to {_SOURCE_PORTS_FOR_ROOT} or above."
            ) from error
        raise ConfigError(
            f"'{host}' is not an address of this machine: set SUPPORTBOT_WEB_HOST to 127.0.0.1 for this machine "
            "only, or to 0.0.0.0 for all its networks."
        ) from error

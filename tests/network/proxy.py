"""A line that can be broken: a TCP proxy whose faults are switched while it runs.

It knows nothing of what goes through it, so the same faults meet HTTP calls and WebSockets. A line that fell
silent stays silent when the network is back, as it does behind a router that has forgotten it; only new ones work.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import Self

SLOW_BYTES = 2_000
"""Bytes a second of a slow line, in each direction."""

_CHUNK = 65_536
_SLOW_STEP_SECONDS = 0.05


class Fault(Enum):
    """How a network fails."""

    RESET = "every line is reset, and so is each new one"
    SILENCE = "half-open: what is sent vanishes, in both directions, and nobody closes"
    SLOW = "everything comes, slowly"
    REFUSAL = "every line is reset, and the port is closed"


class Proxy:
    """Stands before a port of this machine, on a port of its own; to be used with ``async with``.

    Args:
        target: the port.

    Attributes:
        port: its own.
        opened: how many lines there have been.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._fault: Fault | None = None
        self._lines: dict[_Line, asyncio.Task[None]] = {}
        self._listener: socket.socket | None = None
        self.port = 0
        self.opened = 0

    async def __aenter__(self) -> Self:
        """Let everything pass."""
        self._listen()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Reset what is open."""
        await self._stop()

    @asynccontextmanager
    async def broken(self, fault: Fault) -> AsyncIterator[None]:
        """Break the network meanwhile."""
        self._fault = fault
        if fault is Fault.SILENCE:
            for line in self._lines:
                line.is_dead = True
        if fault in (Fault.RESET, Fault.REFUSAL):
            await self._reset()
        if fault is Fault.REFUSAL:
            await self._stop()
        try:
            yield
        finally:
            self._fault = None
            if fault is Fault.REFUSAL:
                self._listen()

    def _listen(self) -> None:
        # Not asyncio's server: Python 3.11's leaves a socket open that it accepted in the moment of its closing.
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):  # whoever came is gone again
            accepted, _ = listener.accept()
            self.opened += 1
            line = _Line(is_dead=self._fault is Fault.SILENCE)
            self._lines[line] = asyncio.create_task(self._serve(line, accepted))

    async def _stop(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            await self._reset()

    async def _reset(self) -> None:
        for line in self._lines:
            line.reset()
        await asyncio.gather(*self._lines.values())

    async def _serve(self, line: _Line, accepted: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=accepted)
            line.add(writer)
            if self._fault is Fault.RESET:
                line.reset()
            if line.is_reset:
                return
            beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", self._target)
            line.add(beyond_writer)
            await asyncio.gather(self._pass(line, reader, beyond_writer), self._pass(line, beyond_reader, writer))
        except OSError:  # one of the two sides is gone, or was reset by us
            line.reset()
        finally:
            for end in line.ends:
                end.close()
            del self._lines[line]

    async def _pass(self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            while data and not line.is_dead:
                step = len(data)
                if self._fault is Fault.SLOW:
                    step = round(SLOW_BYTES * _SLOW_STEP_SECONDS)
                    await asyncio.sleep(_SLOW_STEP_SECONDS)
                writer.write(data[:step])
                await writer.drain()
                data = data[step:]
        if not line.is_dead and writer.can_write_eof():
            writer.write_eof()


class _Line:
    """One connection to us, and ours to the target.

    Attributes:
        ends: its two ends, as far as they are open yet.
        is_dead: whether what is sent vanishes.
        is_reset: whether it was reset.
    """

    def __init__(self, *, is_dead: bool) -> None:
        self.ends: list[asyncio.StreamWriter] = []
        self.is_dead = is_dead
        self.is_reset = False

    def add(self, end: asyncio.StreamWriter) -> None:
        """Take an end that is open now."""
        self.ends.append(end)
        if self.is_reset:
            self.reset()

    def reset(self) -> None:
        """End it without a goodbye: both sides get an RST."""
        self.is_reset = True
        for end in self.ends:
            opened = end.get_extra_info("socket")
            with suppress(OSError):  # it may be closed already
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.transport.abort()

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
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.opened = 0

    async def __aenter__(self) -> Self:
        """Let everything pass."""
        await self._listen()
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
                await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._reset()
            self._server = None

    async def _reset(self) -> None:
        lines = list(self._lines)
        for line in lines:
            line.reset()
        await asyncio.gather(*(line.is_over.wait() for line in lines))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        line = _Line(writer, is_dead=self._fault is Fault.SILENCE)
        self._lines.add(line)
        try:
            if self._fault is Fault.RESET:
                line.reset()
                return
            beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", self._target)
            line.ends.append(beyond_writer)
            await asyncio.gather(self._pass(line, reader, beyond_writer), self._pass(line, beyond_reader, writer))
        except OSError:  # one of the two sides is gone, or was reset by us
            line.reset()
        finally:
            for end in line.ends:
                end.close()
            self._lines.discard(line)
            line.is_over.set()

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
        ends: its two ends, of which the second comes a little later.
        is_dead: whether what is sent vanishes.
        is_over: set when both ends are closed.
    """

    def __init__(self, writer: asyncio.StreamWriter, *, is_dead: bool) -> None:
        self.ends = [writer]
        self.is_dead = is_dead
        self.is_over = asyncio.Event()

    def reset(self) -> None:
        """End it without a goodbye: both sides get an RST."""
        for end in self.ends:
            opened = end.get_extra_info("socket")
            with suppress(OSError):  # it may be closed already
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.transport.abort()

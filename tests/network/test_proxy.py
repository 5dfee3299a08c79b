"""The line that can be broken breaks as it says, and works again afterwards."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator

import pytest

from tests.network.proxy import SLOW_BYTES, Fault, Proxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A line to a server that says what it hears."""
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        async with Proxy(server.sockets[0].getsockname()[1]) as proxy:
            yield proxy
        server.close()


async def _say(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, said: bytes) -> bytes:
    writer.write(said)
    return await reader.readexactly(len(said))


async def _open_and_read(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        await reader.read()
    finally:
        writer.close()


async def test_everything_passes(proxy: Proxy) -> None:
    """Bytes go both ways, and an end of one side is an end for the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _say(writer, reader, b"hello") == b"hello"
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.REFUSAL])
async def test_lines_are_reset(proxy: Proxy, fault: Fault) -> None:
    """Open lines get an RST, new ones an RST or no port at all, and later ones work again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _say(writer, reader, b"hello")
    async with proxy.broken(fault):
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        with pytest.raises((ConnectionResetError, ConnectionRefusedError)):
            await _open_and_read(proxy)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _say(writer, reader, b"again") == b"again"
    writer.close()


@pytest.mark.parametrize("steps", range(4))
async def test_a_line_that_is_just_being_opened_is_reset(proxy: Proxy, steps: int) -> None:
    """However far its opening has come when the port closes: it gets an RST, and nothing is left open."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as opened:
        for _ in range(steps):
            await asyncio.sleep(0)
        async with proxy.broken(Fault.REFUSAL):
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(opened.recv, 1)
    gc.collect()


async def test_half_open_lines_stay_dead(proxy: Proxy) -> None:
    """What is sent over a silent line vanishes, and it does not come back; a new one works."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _say(writer, reader, b"hello")
    async with proxy.broken(Fault.SILENCE):
        writer.write(b"lost")
    writer.write(b"lost too")
    answer = asyncio.create_task(reader.read(1))
    new_reader, new_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _say(new_writer, new_reader, b"again") == b"again"
    assert not answer.done()
    answer.cancel()
    writer.close()
    new_writer.close()


async def test_slow_lines_lose_nothing(proxy: Proxy) -> None:
    """A slow line delivers everything, and takes its time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    loop = asyncio.get_running_loop()
    said = b"x" * (SLOW_BYTES // 2)
    async with proxy.broken(Fault.SLOW):
        began = loop.time()
        assert await _say(writer, reader, said) == said
        assert loop.time() - began >= 0.4
    writer.close()

"""What the port takes from somebody who opens much and says little: deadlines, limits and a short log."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web import connections, protocols
from bot.web.connections import Connections, counted_address
from bot.web.server import WebServer
from tests.web.running import Bot

SOON = 0.2
"""Seconds, instead of the deadlines of production."""

HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEADER + b"\r\n"
CLOSING = HEADER + b"Connection: close\r\n\r\n"


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was sent; to ``/large`` with more than fits anywhere, to ``/endless`` never whole."""
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    responses = {"/large": StreamingResponse(_large()), "/endless": StreamingResponse(_endless())}
    response = responses.get(scope["path"]) or Response(b"here" + await request.body())
    await response(scope, receive, send)


async def _large() -> AsyncGenerator[bytes]:
    for _ in range(1_000):
        yield bytes(100_000)


async def _endless() -> AsyncGenerator[bytes]:
    yield b"."
    await asyncio.Event().wait()


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[WebServer]:
    """A server whose port takes eight connections."""
    monkeypatch.setattr(connections, "_MOST", 8)
    async with WebServer(lifespan_of(serve), "127.0.0.1", 0) as running:
        yield running


def lifespan_of(app: ASGIApp) -> ASGIApp:
    """Return an application that starts and stops as well."""

    async def with_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        while (kind := (await receive())["type"]) != "lifespan.shutdown":
            await send({"type": f"{kind}.complete"})
        await send({"type": f"{kind}.complete"})

    return with_lifespan


class Caller:
    """Who connects."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sockets: list[socket.socket] = []

    async def __call__(self, said: bytes = b"") -> socket.socket:
        """Connect, and say something."""
        made = socket.socket()
        self._sockets.append(made)
        made.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(made, ("127.0.0.1", self._port))
        await loop.sock_sendall(made, said)
        return made

    def close(self) -> None:
        """Leave."""
        for made in self._sockets:
            made.close()


@pytest.fixture
def call(server: WebServer) -> Iterator[Caller]:
    """Connects to the server."""
    caller = Caller(server.port)
    yield caller
    caller.close()


async def rest(connection: socket.socket) -> bytes:
    """Return what comes until the server ends the connection."""
    said = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while piece := await asyncio.get_running_loop().sock_recv(connection, 65_536):
                said += piece
    return said


async def trickle(connection: socket.socket) -> bytes:
    """Send a byte again and again until the server ends the connection; return what came."""
    loop = asyncio.get_running_loop()
    reading = asyncio.create_task(rest(connection))
    while not reading.done():
        with suppress(ConnectionError):
            await loop.sock_sendall(connection, b"x")
        await asyncio.wait({reading}, timeout=SOON / 10)
    return await reading


@pytest.mark.parametrize(
    "said",
    [b"", b"GET", HEADER + b"X-Wait: ", WHOLE + HEADER + b"X-Wait: "],
    ids=["nothing", "a word", "half a header", "half of a second header"],
)
async def test_header_has_a_deadline(call: Caller, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Who does not finish a header is dropped, however many bytes trickle in."""
    monkeypatch.setattr(protocols, "REQUEST_SECONDS", SOON)
    came = await rest(await call(said))
    assert (b"here" in came) is said.startswith(WHOLE)
    if said.endswith(b": "):
        await trickle(await call(said))


async def test_body_has_a_deadline(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not finish a body is dropped, however many bytes trickle in."""
    monkeypatch.setattr(protocols, "BODY_SECONDS", SOON)
    post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    assert await rest(await call(post)) == b""
    assert b"here" not in await trickle(await call(post))


async def test_body_in_time_is_taken(call: Caller) -> None:
    """A body in two pieces is a whole request."""
    post = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
    connection = await call(post)
    await asyncio.get_running_loop().sock_sendall(connection, b"def")
    assert (await rest(connection)).endswith(b"hereabcdef")


async def test_response_has_a_deadline(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for much and does not read it is dropped."""
    monkeypatch.setattr(protocols, "RESPONSE_SECONDS", SOON)
    unread = await call(WHOLE.replace(b"/ ", b"/large "))
    # Another, which reads: at its end the time of the one before is over as well.
    assert b"200 OK" in await rest(await call(WHOLE.replace(b"/ ", b"/endless ")))
    assert len(await rest(unread)) < 100_000_000


async def test_header_has_a_size(call: Caller) -> None:
    """A header that does not end is not collected."""
    connection = await call(HEADER)
    with suppress(ConnectionError):
        for _ in range(3):
            await asyncio.get_running_loop().sock_sendall(connection, b"X: " + b"x" * protocols.MAX_HEADER_BYTES)
    assert await rest(connection) == b""


async def test_full_port_drops_who_waits_longest(call: Caller) -> None:
    """Whoever comes to a full port is served; the connection that has waited longest for its visitor goes."""
    waiting = [await call(HEADER) for _ in range(8 + 3)]
    assert (await rest(await call(CLOSING))).endswith(b"here")
    for connection in waiting[: 3 + 1]:
        assert await rest(connection) == b""
    for connection in waiting[3 + 1 :]:
        with pytest.raises(BlockingIOError):  # open, and nothing was said
            connection.recv(1)


async def test_requests_that_are_worked_on_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is full of people who wait for us closes what comes above that, at once, and serves them."""
    monkeypatch.setattr(connections, "_MOST", 2)
    go = asyncio.Event()
    arrived = asyncio.Semaphore(0)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.release()
        await go.wait()
        await serve(scope, receive, send)

    async with WebServer(lifespan_of(slow), "127.0.0.1", 0) as server:
        call = Caller(server.port)
        busy = [await call(CLOSING) for _ in range(2)]
        for _ in busy:
            await arrived.acquire()
        assert await rest(await call(WHOLE)) == b""
        go.set()
        for connection in busy:
            assert (await rest(connection)).endswith(b"here")
        call.close()


async def test_no_descriptor_is_no_storm(
    server: WebServer, call: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    """When the process has no descriptor left, who comes is turned away, and nothing is logged again and again."""
    visitors = [socket.socket() for _ in range(5)]
    for visitor in visitors:
        visitor.setblocking(False)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    loop = asyncio.get_running_loop()
    taken = os.dup(0)  # the lowest that is free: none is below it, and none may be above
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken, hard))
    try:
        for visitor in visitors:
            await loop.sock_connect(visitor, ("127.0.0.1", server.port))
            with suppress(ConnectionError):
                assert await loop.sock_recv(visitor, 1) == b""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(taken)
        for visitor in visitors:
            visitor.close()
    assert caplog.records == []
    assert b"here" in await rest(await call(CLOSING))


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", ["/echo", "/conversations", "/"])
async def test_aborted_request_is_no_error(bot: Bot, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """A visitor who leaves in the middle of a request, or sends nonsense, leaves no line in the log."""
    port = int(bot.url.rpartition(":")[2])
    for said in (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70\r\n\r\nhalf".encode(),
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: nothing\r\nConnection: upgrade\r\n\r\n".encode(),
        b"\x16\x03\x01\x02\x00\x01",  # the beginning of TLS
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"ok")
    writer.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


class Peer(asyncio.Transport):
    """A connection from somewhere else, of which a test has none."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.is_aborted = False

    def abort(self) -> None:
        """Be aborted."""
        self.is_aborted = True


def arrive(into: Connections, addresses: Sequence[str]) -> list[Peer]:
    """Connect from these addresses, one after the other."""
    peers = [Peer(address) for address in addresses]
    for peer in peers:
        into.enter(peer)
    return peers


def test_one_address_has_a_share() -> None:
    """The connections of one address, or of one network of IPv6, make room for one another, not for others."""
    for addresses in (["192.0.2.1"] * 4, ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::", "2001:db8::3"]):
        into = Connections(12, by_address=True)
        other = arrive(into, ["192.0.2.2"])
        peers = arrive(into, addresses)
        assert [peer.is_aborted for peer in other + peers] == [False, True, False, False, False]
        for peer in peers:
            into.work(peer)
        assert arrive(into, addresses[:1])[0].is_aborted
        assert len(into) == 4
        for peer in peers:
            into.leave(peer)
            into.leave(peer)
        assert len(into) == 1


@pytest.mark.parametrize(
    ("by_address", "address"),
    [(False, "192.0.2.1"), (True, "127.0.0.1"), (True, "::1"), (True, "::ffff:127.0.0.1")],
)
def test_proxy_and_this_machine_have_the_whole_port(by_address: bool, address: str) -> None:
    """Where one address stands for many visitors, only the port's own limit counts."""
    into = Connections(12, by_address=by_address)
    assert [peer.is_aborted for peer in arrive(into, [address] * 13)] == [True, *[False] * 12]


def test_addresses_are_counted_by_who_has_them() -> None:
    """An address of IPv4 counts by itself, one of IPv6 by its network, and nonsense not at all."""
    assert counted_address("::ffff:192.0.2.1") == counted_address("192.0.2.1") == "192.0.2.1"
    assert counted_address("2001:db8::1%eth0") == counted_address("2001:db8::2") == "2001:db8::/64"
    assert counted_address("") == counted_address("nobody") == ""


def test_port_takes_a_share_of_the_descriptors() -> None:
    """At the usual limit half stays for the rest of the bot, and of that a part for what is not counted yet."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))
        most = connections.most_connections()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert most == 512
    assert most + 3 * connections.accepted_at_once(most) < 1_024 - 100
    assert connections.accepted_at_once(1) == 1

"""The real daemon while somebody fills its HTTP port."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.e2e.daemon import start
from tests.slack_server import LocalSlack

DESCRIPTORS = 1_024
"""The usual limit of a process."""

ATTACKERS = 1_100
HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Wait: "


@asynccontextmanager
async def half_headers(page: str) -> AsyncGenerator[None]:
    """Open more connections than the daemon may have descriptors; each begins a request and then says nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # ours are as many as its
    attackers = [socket.socket() for _ in range(ATTACKERS)]
    try:
        await asyncio.gather(*(_begin(attacker, page) for attacker in attackers))
        yield
    finally:
        for attacker in attackers:
            attacker.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _begin(attacker: socket.socket, page: str) -> None:
    address = urlsplit(page)
    attacker.setblocking(False)
    with suppress(OSError):  # refused, or dropped before it could say something
        await asyncio.get_running_loop().sock_connect(attacker, (address.hostname, address.port))
        attacker.send(HALF_A_HEADER)


async def test_full_port_stops_nobody(home: Path) -> None:
    """With 1,100 half requests at 1,024 descriptors Slack is answered, the page opens, and the log is short."""
    async with LocalSlack() as slack, httpx.AsyncClient(timeout=30) as client:
        daemon = await start(home, DESCRIPTORS, **slack.environment(), SUPPORTBOT_MODEL="starter")
        reading = asyncio.create_task(daemon.read_until("daemon.stopped"))
        await slack.wait_until_connected(seconds=30)
        async with half_headers(daemon.page):
            asked = await slack.mention("C1", "U1", "How do I return an item?")
            reply = await slack.wait_for_message(channel="C1", thread_ts=asked.ts, seconds=30)
            assert "return" in reply.shown.lower()
            assert (await client.get(daemon.page)).status_code == 200
        assert (await client.get(daemon.page)).status_code == 200
        assert (await client.get(f"{daemon.page}/readyz")).json() == {"ready": True, "problems": {}, "remarks": {}}
        daemon.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            await reading
            assert await daemon.process.wait() == 0
    assert len(json.dumps(daemon.lines)) < 100_000
    assert [line for line in daemon.lines if line.get("level") in ("warning", "error")] == []

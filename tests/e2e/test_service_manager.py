"""What the daemon tells a service manager: the real daemon, and a socket where systemd's would be."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.daemon import Daemon, launch, running
from tests.slack_server import LocalSlack
from tests.slack_server.faults import HttpAnswer

WATCHDOG_SECONDS = 2.0
MOST_SECONDS = 60.0


class Heard:
    """What came to a socket, one dictionary for each datagram.

    Args:
        listening: the socket, bound.
    """

    def __init__(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        self._listening = listening
        self.said: list[dict[str, str]] = []

    async def next(self) -> dict[str, str]:
        """Return the next datagram."""
        raw = await asyncio.get_running_loop().sock_recv(self._listening, 65_536)
        self.said.append(dict(line.split("=", 1) for line in raw.decode().splitlines()))
        return self.said[-1]

    def forget(self) -> None:
        """Leave unread what has come."""
        with suppress(BlockingIOError):
            while True:
                self._listening.recv(65_536)

    async def until(self, key: str) -> dict[str, str]:
        """Return the next datagram that has a key."""
        async with asyncio.timeout(MOST_SECONDS):
            while key not in (said := await self.next()):
                pass
        return said


@asynccontextmanager
async def manager(address: str) -> AsyncGenerator[Heard]:
    """Listen where a service manager would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        yield Heard(listening)


def environment(address: str) -> dict[str, str]:
    """Return what systemd sets for a service with a watchdog."""
    return {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000))}


@pytest.mark.parametrize("kind", ["path", "abstract"])
async def test_ready_alive_and_stopping(home: Path, tmp_path: Path, kind: str) -> None:
    """It says once that it is ready, twice a period that it lives, and at the end that it stops."""
    address = str(tmp_path / "notify") if kind == "path" else f"@supportbot-{tmp_path}"
    async with manager(address) as heard, running(home, **environment(address)) as daemon:
        ready = await heard.until("READY")
        assert ready == {"READY": "1", "STATUS": "Answering on web with starter."}
        loop = asyncio.get_running_loop()
        await heard.until("WATCHDOG")
        began = loop.time()
        await heard.until("WATCHDOG")
        assert loop.time() - began < WATCHDOG_SECONDS
        assert await daemon.stop() == 0
        stopping = await heard.until("STOPPING")
        assert stopping["STATUS"] == "Finishing the answers in progress."
    assert sum("READY" in said for said in heard.said) == 1


async def test_not_ready_before_its_platform_is_there(home: Path, tmp_path: Path) -> None:
    """While Slack cannot be reached it asks for more time and says why; as soon as it can, it is ready."""
    address = str(tmp_path / "notify")
    async with LocalSlack() as slack, manager(address) as heard:
        slack.misbehave("websocket", HttpAnswer(503), times=1_000)
        daemon = await launch(home, **environment(address), **slack.environment())
        try:
            waiting = await heard.until("EXTEND_TIMEOUT_USEC")
            assert int(waiting["EXTEND_TIMEOUT_USEC"]) > 1_000_000
            assert waiting["STATUS"] == "Not ready: slack not connected."
            slack.behave()
            assert (await heard.until("READY"))["STATUS"] == "Answering on slack, web with starter."
            assert all("READY" not in said for said in heard.said[:-1])
            assert await daemon.stop() == 0
        finally:
            await end(daemon)


async def test_stuck_daemon_gives_no_sign_of_life(home: Path, tmp_path: Path) -> None:
    """The signs come from the event loop: a process that is stopped, as one whose loop hangs, sends none."""
    address = str(tmp_path / "notify")
    async with manager(address) as heard:
        daemon = await launch(home, **environment(address))
        try:
            await heard.until("READY")
            daemon.process.send_signal(signal.SIGSTOP)
            await stopped(daemon)
            heard.forget()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(WATCHDOG_SECONDS):
                    await heard.next()
            daemon.process.send_signal(signal.SIGCONT)
            await heard.until("WATCHDOG")
            assert await daemon.stop() == 0
        finally:
            await end(daemon)


async def test_processes_of_the_daemon_do_not_find_the_socket(home: Path, tmp_path: Path) -> None:
    """What the daemon starts cannot speak in its name: the model's process has none of the variables."""
    address = str(tmp_path / "notify")
    async with manager(address) as heard, running(home, **environment(address)) as daemon:
        await heard.until("READY")
        line = next(line for line in daemon.lines if line["event"] == "engine.started")
        inherited = psutil.Process(line["pid"]).environ()
        assert inherited["PATH"]
        assert not inherited.keys() & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}


async def test_manager_that_went_away_stops_nothing(home: Path, tmp_path: Path) -> None:
    """A socket that nobody reads any more is one line in the log for each thing that was not told."""
    address = str(tmp_path / "notify")
    async with manager(address) as heard:
        daemon = await launch(home, **environment(address))
        await heard.until("READY")
    try:
        (tmp_path / "notify").unlink()
        async with asyncio.timeout(MOST_SECONDS):
            line = await daemon.read_until("service_manager.not_told")
        assert line["keys"] == ["WATCHDOG"]
        assert await daemon.stop() == 0
    finally:
        await end(daemon)


async def stopped(daemon: Daemon) -> None:
    """Wait until the kernel has stopped a daemon's process."""
    async with asyncio.timeout(MOST_SECONDS):
        while psutil.Process(daemon.process.pid).status() != psutil.STATUS_STOPPED:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)


async def end(daemon: Daemon) -> None:
    """Leave no daemon behind."""
    if daemon.process.returncode is None:
        await daemon.kill()

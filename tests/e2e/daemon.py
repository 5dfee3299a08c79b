"""Starts the real daemon as an operator would, and talks to it as the outside world does.

In tests it is forked from a process that has imported all (``tests/program.py``), so it is ready in half the time.
Where figures are measured, and in tests that use ``started_anew``, Python starts anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.program import Forked, run_module, spawn_module

IS_FORKED = False
"""Whether processes are forked; tests set it (``tests/conftest.py``)."""

_WITHOUT = {"SUPPORTBOT_ENCODER": "none", "SUPPORTBOT_STREAMING": "false"}
"""What most tests of a daemon do not need: a forked one would spend half of its start on the encoder, and on a
busy machine any answer may take so long that its first words are shown before the others."""

STREAMING = {"SUPPORTBOT_STREAMING": "true"}
"""For those that look at answers while they are written."""

WITH_ENCODER = {"SUPPORTBOT_ENCODER": ""}
"""For those that ask in other words."""

START_SECONDS = 60.0
STOP_SECONDS = 15.0


def environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process of ours: the machine's, without its settings, and these."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SUPPORTBOT_", "SLACK_", "DISCORD_"))
    }
    return {
        **inherited,
        "SUPPORTBOT_HOME": str(home),
        "SUPPORTBOT_WEB_PORT": "0",
        "SUPPORTBOT_LOG_FORMAT": "json",
        # Two threads in each of several processes on two cores would wait for one another.
        "OMP_NUM_THREADS": "1",
        # On a busy machine anybody may wait for longer than people should.
        "SUPPORTBOT_BUSY_SECONDS": "0",
        **settings,
    }


async def run_command(home: Path, module: str, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a module of ours to its end; return exit status, output and errors."""
    if IS_FORKED:
        ended = await run_module(module, arguments, environment(home, settings), folder=Path.cwd())
        return ended.status, ended.output, ended.errors
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=environment(home, settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def supportbot(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run the `supportbot` command."""
    return await run_command(home, "supportbot.cli", *arguments, **settings)


async def log_of(home: Path, **settings: str) -> list[dict[str, Any]]:
    """Return what `supportbot log --json` says, the oldest first."""
    status, output, errors = await supportbot(home, "log", "--json", "--limit", "10000", **settings)
    assert status == 0, errors
    entries: list[dict[str, Any]] = json.loads(output)
    return entries[::-1]


class Daemon:
    """A running daemon and the lines of its log so far.

    The log is read all the time: a full pipe would stop the daemon at its next line.

    Args:
        process: what runs.

    Attributes:
        lines: of its log so far.
        ready: the line that says that it is ready.
        page: its address.
    """

    def __init__(self, process: asyncio.subprocess.Process | Forked) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.ready: dict[str, Any] = {}
        self._looked_at = 0
        self._has_more = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def page(self) -> str:
        """The page's address, once the daemon is ready."""
        return str(self.ready["page"])

    async def read_until(self, event: str) -> dict[str, Any]:
        """Return the next line of an event, beginning after the line that was returned last."""
        while True:
            while self._looked_at < len(self.lines):
                line = self.lines[self._looked_at]
                self._looked_at += 1
                if line["event"] == event:
                    return line
            if self._reading.done():
                raise AssertionError(f"The daemon ended before '{event}': {self.lines[-5:]}")
            self._has_more.clear()
            await self._has_more.wait()

    async def stop(self) -> int:
        """Tell it to stop, as an operator's service manager does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        await self._drain()
        return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)

    async def wait(self, seconds: float) -> int:
        """Wait until it has ended by itself, and return how: its exit status, or minus the signal's number."""
        async with asyncio.timeout(seconds):
            await self._reading
            return await self.process.wait()

    async def kill(self) -> None:
        """Kill it without a warning, as a power cut does."""
        self.process.kill()
        await self._drain()
        await self.process.wait()

    async def _drain(self) -> None:
        await asyncio.wait_for(self._reading, STOP_SECONDS)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        try:
            while raw := await self.process.stderr.readline():
                is_ours = raw.startswith(b"{")
                self.lines.append(json.loads(raw) if is_ours else {"event": raw.decode().strip()})
                self._has_more.set()
        finally:
            self._has_more.set()


async def launch(home: Path, descriptors: int | None = None, module: str = "bot", /, **settings: str) -> Daemon:
    """Start a daemon, and do not wait for it.

    Args:
        home: its folder.
        descriptors: None for as many as the machine allows.
        module: that is run; another than the product's own runs that one as well.
        settings: of the daemon.
    """
    if IS_FORKED:
        return Daemon(await spawn_module(module, environment(home, _WITHOUT | settings), descriptors))
    limits = descriptors and partial(resource.setrlimit, resource.RLIMIT_NOFILE, (descriptors, descriptors))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env=environment(home, settings),
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=limits or None,
    )
    return Daemon(process)


async def start(home: Path, descriptors: int | None = None, module: str = "bot", /, **settings: str) -> Daemon:
    """Start a daemon as ``launch`` does, and wait until it says that it is ready.

    Raises:
        AssertionError: it did not in time; this has its log.
    """
    daemon = await launch(home, descriptors, module, **settings)
    try:
        async with asyncio.timeout(START_SECONDS):
            daemon.ready = await daemon.read_until("daemon.ready")
    except TimeoutError as error:
        raise AssertionError(f"Not ready after {START_SECONDS} s; its log: {daemon.lines}") from error
    return daemon


@asynccontextmanager
async def running(home: Path, **settings: str) -> AsyncGenerator[Daemon]:
    """Run a daemon and stop it at the end; it must end well."""
    daemon = await start(home, **settings)
    try:
        yield daemon
        assert await daemon.stop() == 0
    finally:
        if daemon.process.returncode is None:
            await daemon.kill()

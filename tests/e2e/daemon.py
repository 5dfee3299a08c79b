"""Starts the real daemon as an operator would, and talks to it as the outside world does."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

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
        **settings,
    }


async def run_command(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a command of ours to its end; return exit status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment(home, settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def supportbot(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run the `supportbot` command."""
    return await run_command(home, "-m", "supportbot.cli", *arguments, **settings)


async def log_of(home: Path, **settings: str) -> list[dict[str, Any]]:
    """Return what `supportbot log --json` says, the oldest first."""
    status, output, errors = await supportbot(home, "log", "--json", "--limit", "10000", **settings)
    assert status == 0, errors
    entries: list[dict[str, Any]] = json.loads(output)
    return entries[::-1]


@dataclass
class Daemon:
    """A running daemon and the lines of its log so far."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]]
    page: str = ""

    async def read_until(self, event: str) -> dict[str, Any]:
        """Read the log until an event comes."""
        assert self.process.stderr is not None
        while raw := await self.process.stderr.readline():
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"event": raw.decode().strip()}
            self.lines.append(line)
            if line["event"] == event:
                return dict(line)
        raise AssertionError(f"The daemon ended before '{event}': {self.lines[-5:]}")

    async def stop(self) -> int:
        """Tell it to stop, as an operator's service manager does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        await self._drain()
        return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)

    async def kill(self) -> None:
        """Kill it without a warning, as a power cut does."""
        self.process.kill()
        await self._drain()
        await self.process.wait()

    async def _drain(self) -> None:
        assert self.process.stderr is not None
        rest = await asyncio.wait_for(self.process.stderr.read(), STOP_SECONDS)
        self.lines += [json.loads(raw) for raw in rest.splitlines() if raw.startswith(b"{")]


async def start(home: Path, descriptors: int | None = None, /, **settings: str) -> Daemon:
    """Start a daemon, which may have so many descriptors, and wait until it says that it is ready."""
    limits = descriptors and partial(resource.setrlimit, resource.RLIMIT_NOFILE, (descriptors, descriptors))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        env=environment(home, settings),
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=limits or None,
    )
    daemon = Daemon(process, [])
    async with asyncio.timeout(START_SECONDS):
        daemon.page = str((await daemon.read_until("daemon.ready"))["page"])
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

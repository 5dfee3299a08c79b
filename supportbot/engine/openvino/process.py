"""A process that decodes, as seen from the daemon's event loop: frames in, frames out, and its end.

This module starts and ends it; the supervisor decides what to do after an unexpected end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from supportbot.engine.openvino.messages import (
    HEADER_BYTES,
    Command,
    Load,
    Report,
    Stop,
    frame_length,
    pack,
    unpack_report,
)

_MODULE = "supportbot.engine.openvino.child"

_PASSED_ON = frozenset({"PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV"})
_FAMILIES_PASSED_ON = (
    "LC_",
    "LD_",  # paths of libraries, and another allocator
    "MALLOC_",
    "GLIBC_TUNABLES",
    "PYTHON",  # paths of modules
    "COVERAGE_",  # coverage in a child
    # how many threads compute, on which cores and with which instructions
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "TBB_",
    "OPENBLAS_",
    "OV_",
    "OPENVINO_",
    "ONEDNN_",
    "DNNL_",
)
"""What the model's process gets of the daemon's environment: how to run, and no platform's token."""

_STOP_SECONDS = 5.0
"""A step ends within tenths of a second; a process that has not stopped by then hangs."""


class ModelProcess:
    """A running process; ``start`` makes one.

    Args:
        process: with pipes as standard input and output.
    """

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("A process of the model has two pipes.")
        self._process = process
        self._commands = process.stdin
        self._reports = process.stdout

    @classmethod
    async def start(cls, load: Load) -> Self:
        """Start a process and have it load; its first report says how that went.

        Raises:
            OSError: the machine has no room for another process.
        """
        # -P: never import a file from the daemon's working folder by accident. In a session of its own it gets no
        # Ctrl-C, not even before it can ignore one.
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            _MODULE,
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
            env=passed_on(os.environ),
        )
        process = cls(started)
        process.send(load)
        return process

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def send(self, command: Command) -> None:
        """Send a command; if the process has ended, it is lost, and ``receive`` says so."""
        if not self._commands.is_closing():  # the loop warns of writing to what has ended
            # Commands are small and few, so what the pipe can't take yet may wait in memory.
            self._commands.write(pack(command))

    async def receive(self) -> Report | None:
        """Return the next report, or None when the process has ended."""
        try:
            header = await self._reports.readexactly(HEADER_BYTES)
            return unpack_report(await self._reports.readexactly(frame_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except ValueError:
            # Something else wrote into the pipe; frames can't be separated any more.
            self.kill()
            return None

    async def stop(self) -> int:
        """End the process, gently at first; return its status as ``wait`` does."""
        with suppress(ConnectionError):
            self.send(Stop())
            self._commands.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()
        except asyncio.CancelledError:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):  # it has ended already
            self._process.kill()

    async def wait(self) -> int:
        """Return how the process ended: its exit status, or minus the signal's number."""
        # Read to its last report: unread output blocks a process that writes, and hides its end from the loop.
        while await self.receive():
            pass
        return await self._process.wait()


def passed_on(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the part of our environment that a process needs to run; it gets everything else in messages."""
    return {key: value for key, value in ours.items() if key in _PASSED_ON or key.startswith(_FAMILIES_PASSED_ON)}

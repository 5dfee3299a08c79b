"""Processes of ours that are forked from one that has imported what they share.

A command spends most of its time importing, and so does a daemon until it is ready; a suite runs hundreds of them.
``tests/e2e/test_operator.py`` starts Python anew, so what works only where something is imported already fails
there.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import io
import multiprocessing
import os
import resource
import runpy
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[1]

LONGEST_SECONDS = 900.0
"""No command takes nearly as long; one that hangs must not hold up the whole suite."""

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.imported"])

_LOOKING = threading.Lock()
"""Whoever starts a process looks at all others, and how one ended can be read once only."""


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    output: str
    errors: str


async def run_module(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path = ROOT,
    typed: str = "",
    terminal: str | None = None,
) -> Finished:
    """Run ``python -m module`` to its end.

    Args:
        module: what to run.
        arguments: what follows its name.
        environment: all of it.
        folder: where it runs.
        typed: what it finds on its standard input.
        terminal: the device that it reads from instead.
    """
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / name for name in ("stdin", "stdout", "stderr")]
        paths[0].write_text(typed)
        streams = [terminal or str(paths[0]), *map(str, paths[1:])]
        process = _FORKING.Process(
            target=_run_on_files, args=(module, list(arguments), dict(environment), folder, streams)
        )
        await asyncio.to_thread(_start, process)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                status = await _end_of(process)
        except TimeoutError:
            raise TimeoutError(f"'{module}' did not end within {LONGEST_SECONDS:.0f} s.") from None
        finally:
            process.kill()
        process.close()
        return Finished(status, *(path.read_text() for path in paths[1:]))


class Forked:
    """A process that runs on: what of ``asyncio.subprocess.Process`` is needed of it.

    Args:
        process: started.
        stderr: what it writes there.

    Attributes:
        pid: its number.
        stderr: what it writes there.
    """

    def __init__(self, process: ForkServerProcess, stderr: asyncio.StreamReader) -> None:
        assert process.pid is not None
        self._process = process
        self.pid: int = process.pid
        self.stderr = stderr

    @property
    def returncode(self) -> int | None:
        """Its exit status, or minus the number of the signal that ended it; None while it runs."""
        return _status_of(self._process)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()

    async def wait(self) -> int:
        """Wait until it has ended, and return how."""
        return await _end_of(self._process)


async def spawn_module(module: str, environment: Mapping[str, str], descriptors: int | None = None) -> Forked:
    """Start ``python -m module`` in the folder where we are, and do not wait for it.

    Args:
        module: what to run.
        environment: all of it.
        descriptors: that it may have open; None for as many as the machine allows.
    """
    reading, writing = _FORKING.Pipe(duplex=False)
    with writing:
        process = _FORKING.Process(
            target=_run_on_pipe, args=(module, dict(environment), Path.cwd(), writing, descriptors), daemon=True
        )
        await asyncio.to_thread(_start, process)
    stderr = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(reading.fileno()), "rb")
    reading.close()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stderr), pipe)
    return Forked(process, stderr)


def _start(process: ForkServerProcess) -> None:
    with _LOOKING:
        process.start()  # the first one waits until all is imported


def _status_of(process: ForkServerProcess) -> int | None:
    with _LOOKING:
        return process.exitcode


async def _end_of(process: ForkServerProcess) -> int:
    """Wait until a process has ended, and return how."""
    loop = asyncio.get_running_loop()
    sentinel = os.dup(process.sentinel)  # several may wait, and a loop has one reader for each number
    ended = asyncio.Event()
    loop.add_reader(sentinel, ended.set)
    try:
        while (status := _status_of(process)) is None:
            await ended.wait()
        return status
    finally:
        loop.remove_reader(sentinel)
        os.close(sentinel)


def _run_on_files(
    module: str, arguments: list[str], environment: dict[str, str], folder: Path, streams: list[str]
) -> None:
    for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(streams[number], flags), number)
    _run(module, arguments, environment, folder)


def _run_on_pipe(
    module: str, environment: dict[str, str], folder: Path, stderr: Connection, descriptors: int | None
) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, source in enumerate((nothing, nothing, stderr.fileno())):
        os.dup2(source, number)
    stderr.close()
    if descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    _run(module, [], environment, folder)


def _run(module: str, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
    """Become what Python would be if it had been started with a module; the ending is that of its last line."""
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode), encoding="utf-8", line_buffering=number == 2)
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    gc.enable()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.stdout.flush()
        # A forked process ends without them.
        atexit._run_exitfuncs()

"""Processes that take turns: each works when told to, and is idle while the others work.

So all meet the same disturbances of one machine, and each has its own memory and processor time. A process gets a
line of JSON on its standard input and answers with a line on its standard output, which has nothing else on it. If
it cannot continue, that line says why.

This module does not know what is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import psutil

from supportbot.errors import ConfigError

_END_SECONDS = 10.0
"""Time for a process to clean up after the last message."""
_FAILED = "failed"


class Worker:
    """A process that takes turns; its module runs with ``own_stdout`` and a ``Channel``.

    ``began`` is when it was started, in seconds of ``time.perf_counter()``.

    Args:
        name: for people.
        module: that is run.
        arguments: of its command line.
    """

    def __init__(self, name: str, module: str, *arguments: str) -> None:
        self.name = name
        self.began = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *arguments],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return the worker; its process is already starting."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process and those that it started, gently at first."""
        try:
            self._process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(self.pid).children(recursive=True):
                child.kill()
            self._process.kill()
            self._process.communicate()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, message: object) -> Any:
        """Send the process a message and return its answer.

        Raises:
            ConfigError: it ended instead.
        """
        if self._process.stdin is None:
            raise RuntimeError("A worker has a standard input.")
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self.read()

    def read(self) -> Any:
        """Return the next message of the process.

        Raises:
            ConfigError: it ended instead, or says why it cannot continue.
        """
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise self._ended()
        said = json.loads(line)
        if isinstance(said, dict) and _FAILED in said:
            raise ConfigError(said[_FAILED])
        return said

    def _ended(self) -> ConfigError:
        return ConfigError(f"The process of '{self.name}' ended early; what it said is above.")


class Channel:
    """The other end: lines to and from the parent process."""

    def __init__(self, lines_in: TextIO, lines_out: TextIO) -> None:
        self._in = lines_in
        self._out = lines_out

    def send(self, message: object) -> None:
        """Write one line."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def fail(self, why: str) -> None:
        """Send a sentence about why this process cannot continue."""
        self.send({_FAILED: why})

    def wait(self) -> None:
        """Report that this process is ready and wait for the next message; end the process when there will be
        none."""
        self.send("ready")
        if not self._in.readline():
            sys.exit(1)

    def messages(self) -> Iterator[Any]:
        """Yield the messages to this process until the last."""
        for line in self._in:
            yield json.loads(line)


@contextmanager
def own_stdout() -> Iterator[TextIO]:
    """Keep standard output for the figures: output of libraries goes to standard error."""
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        yield stdout
    finally:
        sys.stdout = stdout

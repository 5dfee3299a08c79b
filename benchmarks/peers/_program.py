"""A program that is started for the comparison: it answers over HTTP, and its output goes to a file.

So if a program does not start or ends early, one sentence can report it with its last line. This module does not
know the requests.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import psutil

from supportbot.errors import ConfigError

_START_SECONDS = 600.0
"""vLLM compiles first, which takes minutes on a slow machine."""
_POLL_SECONDS = 0.05
_DYING_SECONDS = 5.0
"""From the last answer of a failing program to its end, while it writes its messages."""
_END_SECONDS = 5.0
_LAST_WORDS = 300
"""Characters, so that a sentence stays one."""
_FOLDERS = re.compile(r"""(?<![\w.~:/-])/(?:[^\s/:'"]+/)+""")


class Program:
    """A running program.

    Args:
        command: starts it.
        environment: in addition to that of this process.
        scratch: folder for its output.

    Raises:
        ConfigError: there is no such program, or it must not be run.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], scratch: str) -> None:
        self._name = Path(command[0]).name
        with tempfile.NamedTemporaryFile(dir=scratch, prefix="said-", suffix=".txt", delete=False) as said:
            self._said = Path(said.name)
            try:
                self._process = subprocess.Popen(  # noqa: S603 - a peer's own program
                    command,
                    stdin=subprocess.DEVNULL,  # our standard output carries the turns
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    env=os.environ | environment,
                )
            except OSError as error:
                raise ConfigError(f"'{self._name}' cannot be run: {error.strerror}.") from error

    def await_health(self, url: str) -> None:
        """Wait until the program answers at a URL.

        Raises:
            ConfigError: it ended instead, or takes too long.
        """
        import httpx2

        until = time.monotonic() + _START_SECONDS
        with httpx2.Client() as client:  # one client for all checks: making one loads TLS certificates
            while time.monotonic() < until:
                if how := self.told_end(0):
                    raise ConfigError(how)
                with suppress(httpx2.TransportError):
                    if client.get(url).status_code == HTTPStatus.OK:
                        return
                time.sleep(_POLL_SECONDS)
        raise ConfigError(f"'{self._name}' does not answer {_START_SECONDS:.0f} s after its start{self._told()}")

    def told_end(self, seconds: float = _DYING_SECONDS) -> str | None:
        """Return a sentence about how the program ended, or None if it still runs after so many seconds."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"'{self._name}' ended {how}{self._told()}"

    def close(self) -> None:
        """End the program and those that it started, gently at first."""
        if self._process.poll() is not None:
            return
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def _told(self) -> str:
        words = last_words(self._said.read_text("utf-8", errors="replace"))
        return f"; it said last: {words}" if words else ", and said nothing."


def last_words(said: str) -> str:
    """Return the last line of a program's output, without this machine's folders, because records are
    published."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return _FOLDERS.sub("", lines[-1])[:_LAST_WORDS] if lines else ""

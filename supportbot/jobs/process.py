"""A job's process as the daemon sees it: started, alive or not, and told to end.

Neither a pipe nor parenthood connects the two, since the daemon may be another one by then. Instead the process
holds a lock on a file in the job's folder as long as it lives; the system frees it even if the process is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from supportbot.jobs.folder import GO, LOCK, LOG

_CHILD = "supportbot.jobs.child"

_CLOCK_SECONDS = 5.0
"""When a process began is counted from the machine's start, which the system's clock may move a little."""


class Held:
    """A process that has done nothing yet, and waits until the job is recorded.

    Args:
        process: with a pipe as its standard input.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.began = psutil.Process(process.pid).create_time()

    def go(self) -> None:
        """Let it begin."""
        with suppress(BrokenPipeError):  # it has been killed meanwhile, as whoever looks will see
            self._pipe.write(GO.encode())
            self._pipe.flush()
        with suppress(BrokenPipeError):
            self._pipe.close()
        # It is waited for as long as this daemon lives, so that it leaves no dead entry in the system's table.
        threading.Thread(target=self._process.wait, daemon=True, name="job").start()

    def drop(self) -> None:
        """End it: nobody recorded the job; blocks for a moment."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()

    @property
    def _pipe(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("The process of a job has a pipe.")
        return self._process.stdin


def start(folder: Path, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Held:
    """Make the folder of a job, and start its process, which then waits; blocks.

    Args:
        folder: to be made; only its owner can open it.
        module: the command.
        arguments: of the command.
        environment: all of it.

    Raises:
        OSError: the folder can't be made, or the machine has no room for another process.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(lock, exclusive=True)
        process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
            # -P: no file in the daemon's working folder is ever imported by accident.
            [sys.executable, "-P", "-u", "-m", _CHILD, str(lock), str(folder), module, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[lock],  # the lock stays with whoever has the file open
            start_new_session=True,  # neither Ctrl-C nor the end of the daemon reaches it
            env=dict(environment),
        )
    finally:
        os.close(log)
        os.close(lock)
    return Held(process)


def is_alive(folder: Path) -> bool:
    """Return whether the process of a job lives, started by whomever; blocks."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(lock, exclusive=False)
    finally:
        os.close(lock)


def send(pid: int, began: float, number: int) -> bool:
    """Send a signal to a job's process and those that it started; return whether it is still that process.

    Args:
        pid: its number.
        began: when it began, in seconds since 1970.
        number: of the signal.
    """
    if not is_that(pid, began):
        return False
    try:
        os.killpg(pid, number)  # it leads a group of its own
    except ProcessLookupError:
        return False
    return True


def is_that(pid: int, began: float) -> bool:
    """Return whether a number is still that of a process that began at a time, in seconds since 1970."""
    try:
        return abs(psutil.Process(pid).create_time() - began) < _CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return False


def _lock(file: int, *, exclusive: bool) -> bool:
    """Lock an open file; return whether nobody else had it."""
    import fcntl  # not everywhere; only who trains from the console needs it

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""The process of the model: its pipes and its end. What it does in between is ``serve``'s business.

It ends when its standard input does, so it never outlives a daemon that was killed; signals are the daemon's
business alone. Whatever goes wrong in here is told to the daemon and ends the process: the daemon starts another.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from supportbot.engine.openvino.messages import (
    HEADER_BYTES,
    Command,
    Failed,
    Report,
    Stop,
    frame_length,
    pack,
    unpack_command,
)

_KILL_ME_FIRST = "500"
"""Of 1,000: when memory runs out, Linux is to end this process, which is replaced, and not the daemon."""


def main() -> None:
    """Serve until told to stop, or until the daemon is gone."""
    # Ctrl-C and a service manager reach the whole group; the daemon drains first and then closes our input.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # no Linux, or a container that forbids it: then the kernel chooses by itself
        Path("/proc/self/oom_score_adj").write_text(_KILL_ME_FIRST)
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not tear our frames apart
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(commands,), daemon=True).start()

    def send(report: Report) -> None:
        reports.write(pack(report))
        reports.flush()

    # Only now, because it takes tenths of a second, in which a signal would end the process.
    from supportbot.engine.openvino.serve import serve

    try:
        serve(commands, send)
    except BrokenPipeError:  # the daemon is gone
        os._exit(0)  # a second attempt to write, at the interpreter's end, would fail as well
    except Exception as error:
        send(Failed(None, f"{type(error).__name__}: {error}"))
        sys.exit(1)


def _read(commands: queue.SimpleQueue[Command]) -> None:
    """Pass commands on until the input ends, which means stop, just as what is no command does."""
    # Unbuffered: the interpreter cannot end while a thread waits within a buffered standard input.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as stream:
        try:
            while header := _exactly(stream, HEADER_BYTES):
                commands.put(unpack_command(_exactly(stream, frame_length(header))))
        finally:
            commands.put(Stop())


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """Return so many bytes, or none at the end of the input."""
    parts = b""
    while len(parts) < size:
        part = stream.read(size - len(parts))
        if not part:
            return b""
        parts += part
    return parts


if __name__ == "__main__":
    main()

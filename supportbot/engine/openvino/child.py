"""The model's process: its pipes and its end. ``serve`` does the work in between.

It ends when its standard input does, so it never outlives a killed daemon; only the daemon handles signals. Any
failure here is reported to the daemon and ends the process; the daemon starts another.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from supportbot.engine.openvino.messages import (
    HEADER_BYTES,
    Command,
    Failed,
    Loaded,
    Report,
    Stop,
    frame_length,
    pack,
    unpack_command,
)
from supportbot.faults import locate

_KILL_ME_FIRST = "500"
"""Of 1,000: when memory runs out, Linux should end this process, which is replaced, and not the daemon."""

_MOST_AT_ONCE = 2**16
"""Bytes; what a pipe of Linux holds."""


_NICENESS = 5
"""If processor time is short, receiving and replying come before computing answers."""


def main() -> None:
    """Serve until told to stop, or until the daemon is gone."""
    # Ctrl-C and a service manager reach the whole group; the daemon drains first and then closes our input.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # no Linux, or a container that forbids it: the kernel chooses
        Path("/proc/self/oom_score_adj").write_text(_KILL_ME_FIRST)
    os.nice(_NICENESS)
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of libraries must not break our frames
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(commands,), daemon=True).start()

    has_loaded = False

    def send(report: Report) -> None:
        nonlocal has_loaded
        has_loaded = has_loaded or isinstance(report, Loaded)
        reports.write(pack(report))
        reports.flush()

    # Only now, because it takes tenths of a second, in which a signal would end the process.
    from supportbot.engine.openvino.serve import serve

    try:
        serve(commands, send)
    except BrokenPipeError:  # the daemon is gone
        os._exit(0)  # a second attempt to write, at the interpreter's end, would fail as well
    except Exception as error:
        # Until there are questions, the library's messages are about files; later they might quote somebody.
        send(Failed(None, locate(error) if has_loaded else f"{type(error).__name__}: {error}"))
        sys.exit(1)


def _read(commands: queue.SimpleQueue[Command]) -> None:
    """Pass commands on until the input ends or has something else; both mean stop."""
    # Without Python's own buffer: the interpreter cannot end while a thread waits within it. And as much at once
    # as there is: this thread gets a turn only between two steps, so one turn must do for all that has come.
    frames = bytearray()
    try:
        while said := os.read(sys.stdin.fileno(), _MOST_AT_ONCE):
            frames += said
            while len(frames) >= HEADER_BYTES:
                end = HEADER_BYTES + frame_length(frames[:HEADER_BYTES])
                if len(frames) < end:
                    break
                commands.put(unpack_command(bytes(frames[HEADER_BYTES:end])))
                del frames[:end]
    finally:
        commands.put(Stop())


if __name__ == "__main__":
    main()

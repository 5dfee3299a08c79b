"""The process of a job: ``python -m supportbot.jobs.child LOCK FOLDER MODULE [argument …]``.

It waits until the daemon reports that the job is recorded; without that it ends without doing anything. Then it
becomes the command, with a lower priority than answers: it yields the processor, and if memory runs out it is
killed first. At the end it writes into the folder how the command ended.

LOCK is the number of an open file that is locked. The lock goes with the process, whatever ends it.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from supportbot.jobs.folder import END, GO
from supportbot.private import keep_private

_NICE = 10
_OUT_OF_MEMORY = Path("/proc/self/oom_score_adj")
_FIRST_TO_GO = "500"
"""Of 1,000: before a daemon of the same size, and not before what asked to be the first."""


def main(argv: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    lock, folder, module, *arguments = argv
    os.set_inheritable(int(lock), False)
    if sys.stdin.readline() != GO:
        return 0
    _give_way()
    # Training ends at SIGINT with a sentence; it is to end at SIGTERM likewise.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    code = _run(module, arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    path = Path(folder) / END
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"exit_code": code}), "utf-8")
    new.replace(path)
    return code


def _give_way() -> None:
    with open(os.devnull) as nothing:  # noqa: PTH123 - a device
        os.dup2(nothing.fileno(), 0)
    keep_private()
    os.nice(_NICE)
    with suppress(OSError):  # a system without it, or one that allows it to nobody
        _OUT_OF_MEMORY.write_text(_FIRST_TO_GO)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


def _run(module: str, arguments: Sequence[str]) -> int:
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

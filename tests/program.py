"""Commands of ours, each in a process of its own that is forked from one that has imported what they share.

A command spends most of its time importing, and a suite runs hundreds of them. ``tests/e2e`` starts Python anew,
so a command that works only where something is imported already fails there.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [  # not supportbot.cli: its consoles look at the environment when they are made
        "supportbot.bootstrap",
        "supportbot.engine.load",
        "supportbot.knowledge.encoder.open",
        "supportbot.knowledge.encoder.encoder",
        "alembic.command",
        "psycopg",
        "aiosqlite",
        "scipy.sparse",
        "rich.table",
        "typer._adapters",
    ]
)


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
    typed: str = "",
    terminal: str | None = None,
) -> Finished:
    """Run ``python -m module`` from the repository's root to its end.

    Args:
        module: what to run.
        arguments: what follows its name.
        environment: all of it.
        typed: what it finds on its standard input.
        terminal: the device that it reads from instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        paths[0].write_text(typed)
        streams = [terminal or str(paths[0]), *map(str, paths[1:])]
        process = _FORKING.Process(target=_run, args=(module, list(arguments), dict(environment), streams))
        process.start()
        try:
            await asyncio.to_thread(process.join)
        except asyncio.CancelledError:
            process.kill()
            raise
        status = process.exitcode
        process.close()
        assert status is not None
        return Finished(status, *(path.read_text() for path in paths[1:]))


def _run(module: str, arguments: list[str], environment: dict[str, str], streams: list[str]) -> None:
    """Become what Python would be if it had been started with a module; the ending is that of its last line."""
    for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(streams[number], flags), number)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode), encoding="utf-8", line_buffering=number == 2)
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.stdout.flush()
        # A forked process ends without them.
        atexit._run_exitfuncs()

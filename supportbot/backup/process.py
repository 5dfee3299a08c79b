"""A backup made by `supportbot backup` in a process of its own, one at a time in a folder.

So neither the event loop nor the daemon's memory feels it, and the end of the daemon ends it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from supportbot.config import Settings
from supportbot.errors import BackupError

_LOCK = ".lock"
_SAYS = "supportbot: "


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Make the folder if necessary, and keep others from making a backup in it meanwhile.

    Raises:
        BackupError: another process makes one.
        OSError: the folder can't be used.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BackupError(f"Another process is making a backup in {folder}: wait until it has finished.") from None
    try:
        yield
    finally:
        lock.release()


async def make_in_process(path: Path, environment: Mapping[str, str]) -> None:
    """Make a backup.

    Args:
        path: the folder to make.
        environment: what says which bot is meant, besides this process's own; see ``which_bot``.

    Raises:
        BackupError: it could not be made; the sentence is the command's.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "supportbot.cli", "backup", str(path), "--json"),
        env=os.environ | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that its own child, `pg_dump`, can be ended with it
    )
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if process.returncode:
        said = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(_SAYS)]
        raise BackupError(said[-1].removeprefix(_SAYS) if said else f"It ended with {process.returncode}.")


def which_bot(settings: Settings) -> dict[str, str]:
    """Return what tells the command, which reads its settings itself, which bot is meant."""
    return {"SUPPORTBOT_HOME": str(settings.home), "SUPPORTBOT_DATABASE_URL": settings.sqlalchemy_url}

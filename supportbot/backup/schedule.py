"""Backups by the clock: the daemon has one made whenever the newest is old enough, and keeps the latest few.

Each is made by `supportbot backup` in a process of its own, so neither the event loop nor the daemon's memory
feels it, and the end of the daemon ends it. Daemons that share the folder make one at a time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from supportbot.backup.making import PARTIAL
from supportbot.backup.manifest import MANIFEST
from supportbot.config import Settings
from supportbot.errors import BackupError
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

_NAME = "supportbot-%Y%m%dT%H%M%SZ"
"""What a scheduled backup is called, in UTC; one with another name is somebody's own, and never removed."""

_RETRY = timedelta(minutes=5)
"""Pause after a failure, unless backups are wanted more often than that."""

_LOCK = ".lock"
_SAYS = "supportbot: "


class Schedule:
    """The backups of one daemon.

    Args:
        folder: where they are.
        every: how old the newest may become.
        keep: how many are left there.
        environment: what says which bot the command shall keep, besides this process's own.
    """

    def __init__(self, folder: Path, every: timedelta, keep: int, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._every = every
        self._keep = keep
        self._environment = environment

    async def run(self) -> None:
        """Make backups until cancelled."""
        while True:
            await asyncio.sleep(self._wait().total_seconds())
            try:
                await self._make_if_due()
            except (BackupError, OSError) as error:
                log.error("backup.failed", error=str(error))
            except Exception:  # what nobody has thought of must not end the daemon
                log.exception("backup.failed")
            else:
                continue
            await asyncio.sleep(min(self._every, _RETRY).total_seconds())

    def backups(self) -> list[Path]:
        """Return the finished ones that were made by the clock, the oldest first."""
        found = (path.parent for path in self._folder.glob(f"*/{MANIFEST}"))
        return sorted(path for path in found if _made_at(path) is not None)

    def _wait(self) -> timedelta:
        """Return how long to wait until the next is due, and tell when the newest was made."""
        newest = max((made for path in self.backups() if (made := _made_at(path))), default=None)
        metrics.LAST_BACKUP.set(newest.timestamp() if newest else 0)
        if newest is None:
            return timedelta(0)
        # A clock that was set back must not put backups off for ever.
        return min(max(newest + self._every - datetime.now(UTC), timedelta(0)), self._every)

    async def _make_if_due(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(self._folder / _LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BackupError(f"Another process makes a backup in {self._folder}.") from None
        try:
            if self._wait() > timedelta(0):  # another daemon has made it meanwhile
                return
            for left in self._folder.glob(f".*{PARTIAL}"):  # of one that was killed
                await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
            began = asyncio.get_running_loop().time()
            path = self._folder / datetime.now(UTC).strftime(_NAME)
            await self._make(path)
            self._wait()
            log.info("backup.made", path=str(path), seconds=round(asyncio.get_running_loop().time() - began, 1))
            for old in self.backups()[: -self._keep]:
                await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)
        finally:
            lock.release()

    async def _make(self, path: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "supportbot.cli", "backup", str(path), "--json"),
            env=os.environ | self._environment,
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


def make_schedule(settings: Settings) -> Schedule | None:
    """Make the schedule that is set; None where none is."""
    if settings.backup_hours is None:
        return None
    # The command that makes one reads its settings itself; which bot is meant, it is told.
    which = {"SUPPORTBOT_HOME": str(settings.home), "SUPPORTBOT_DATABASE_URL": settings.sqlalchemy_url}
    every = timedelta(hours=settings.backup_hours)
    return Schedule(settings.backups_folder, every, settings.backup_keep, which)


def _made_at(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None

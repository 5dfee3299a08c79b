"""Backups by the clock: the daemon has one made whenever the newest is old enough, and keeps the latest few.

Each is made in a process of its own (``process``). Daemons that share the folder make one at a time.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from supportbot.backup.making import PARTIAL
from supportbot.backup.manifest import MANIFEST
from supportbot.backup.process import make_in_process, one_at_a_time, which_bot
from supportbot.config import Settings
from supportbot.errors import BackupError
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

_NAME = "supportbot-%Y%m%dT%H%M%SZ"
"""What a scheduled backup is called, in UTC; one with another name is somebody's own, and never removed."""

_RETRY = timedelta(minutes=5)
"""Pause after a failure, unless backups are wanted more often than that."""


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
        with one_at_a_time(self._folder):
            if self._wait() > timedelta(0):  # another daemon has made it meanwhile
                return
            for left in self._folder.glob(f".*{PARTIAL}"):  # of one that was killed
                await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
            began = asyncio.get_running_loop().time()
            path = self._folder / datetime.now(UTC).strftime(_NAME)
            await make_in_process(path, self._environment)
            self._wait()
            log.info("backup.made", path=str(path), seconds=round(asyncio.get_running_loop().time() - began, 1))
            for old in self.backups()[: -self._keep]:
                await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)


def make_schedule(settings: Settings) -> Schedule | None:
    """Make the schedule that is set; None where none is."""
    if settings.backup_hours is None:
        return None
    every = timedelta(hours=settings.backup_hours)
    return Schedule(settings.backups_folder, every, settings.backup_keep, which_bot(settings))


def _made_at(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None

"""The existing backups, and making another one now, while the bot runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from supportbot.backup.manifest import MANIFEST, read_manifest
from supportbot.backup.process import make_in_process, one_at_a_time, which_bot
from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.errors import BackupError
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

_NAME = "by-hand-%Y%m%dT%H%M%SZ"
"""What one is called that somebody asked for, in UTC: the clock's backups have another name, and only they go."""

_NO_FOLDER = N_("'{path}' cannot be used: {reason}. See SUPPORTBOT_BACKUP_DIR.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A finished backup."""

    path: Path
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with backups.

    Attributes:
        folder: where they are.
        newest: the last that was made; None for none.
        number: how many there are.
        every_hours: how often the daemon makes one; None for never.
        keep: how many of those are kept.
        is_making: whether one is being made here now.
    """

    folder: Path
    newest: Kept | None
    number: int
    every_hours: float | None
    keep: int
    is_making: bool


class Backups:
    """See the module.

    Args:
        settings: which bot.
        database: where its audit is.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._making: asyncio.Task[Path] | None = None

    async def standing(self) -> Standing:
        """Return how it stands."""
        folder = self._settings.backups_folder
        found = await asyncio.to_thread(find_backups, folder)
        return Standing(
            folder=folder,
            newest=max(found, key=lambda one: one.at, default=None),
            number=len(found),
            every_hours=self._settings.backup_hours,
            keep=self._settings.backup_keep,
            is_making=self._making is not None and not self._making.done(),
        )

    async def make(self, by: str) -> Path:
        """Make one, and return where it is; whoever asks while one is being made waits for that.

        It goes on when whoever asked has gone.

        Args:
            by: who asks for it, for the audit.

        Raises:
            BackupError: it could not be made.
        """
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make(by))
        return await asyncio.shield(self._making)

    async def _make(self, by: str) -> Path:
        audit.check_actor(by)
        folder = self._settings.backups_folder.absolute()
        path = folder / datetime.now(UTC).strftime(_NAME)
        try:
            with one_at_a_time(folder):
                await make_in_process(path, which_bot(self._settings))
        except OSError as error:
            raise BackupError(Sentence(_NO_FOLDER, path=folder, reason=error.strerror)) from error
        async with self._database.write() as session:
            audit.record(session, actor=by, action="backup.make", subject=f"backup:{path.name}")
        log.info("backup.made", path=str(path))
        return path


def find_backups(folder: Path) -> list[Kept]:
    """Return the finished backups in a folder; one whose manifest cannot be read is none."""
    found = []
    for path in folder.glob(f"*/{MANIFEST}"):
        try:
            found.append(Kept(path=path.parent, at=datetime.fromisoformat(read_manifest(path.parent).created_at)))
        except (BackupError, ValueError) as error:
            log.warning("backup.unreadable", path=str(path.parent), error=str(error))
    return found

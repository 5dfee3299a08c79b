"""Restoring a backup: checked, prepared beside the present data, and put in place by renaming. The previous data
is moved aside and never deleted. The models come first and the database last, since a home without a database says
what to do, and one with the wrong models does not.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import URL, make_url, update

from supportbot.backup import postgresql, sqlite
from supportbot.backup.manifest import MODELS, POSTGRESQL_FILE, SQLITE_FILE, Manifest, Tell, fsync, verify
from supportbot.config import Settings
from supportbot.db.models import Outbox
from supportbot.db.schema import check_known, current_revision, migrate
from supportbot.db.session import Database, sqlite_path
from supportbot.db.states import OutboxState
from supportbot.errors import BackupError
from supportbot.models.registry import Registry

_RESTORED = ".restored"
_BESIDE_SQLITE = ("-wal", "-shm")
"""Endings of what SQLite keeps beside a file; a log beside another file than its own would damage that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place, and what was moved aside for it."""

    manifest: Manifest
    moved_aside: tuple[Path, ...]


async def restore_backup(settings: Settings, source: Path, tell: Tell, *, force: bool = False) -> Restored:
    """Put a backup in the place of a bot.

    Args:
        settings: where to; a backup of SQLite needs SQLite, and one of PostgreSQL an empty database there.
        source: the folder of the backup.
        tell: called with progress.
        force: move what is there aside instead of refusing.

    Raises:
        BackupError: the backup is not whole, a bot is there already, or its daemon runs.
        DatabaseError: the backup belongs to a newer program.
    """
    manifest = await asyncio.to_thread(verify, source, tell)
    check_known(manifest.schema)
    url = make_url(settings.sqlalchemy_url)
    if manifest.is_sqlite != (url.get_backend_name() == "sqlite"):
        kind = "SQLite" if manifest.is_sqlite else "PostgreSQL"
        raise BackupError(f"This is a backup of {kind}: set SUPPORTBOT_DATABASE_URL to a database of that kind.")
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        put = _put_sqlite if manifest.is_sqlite else _put_postgresql
        moved = await put(settings, url, source, tell, force=force)
    except OSError as error:
        raise BackupError(f"The backup cannot be restored: {error.strerror} ({error.filename}).") from error
    return Restored(manifest=manifest, moved_aside=tuple(moved))


async def _put_sqlite(settings: Settings, url: URL, source: Path, tell: Tell, *, force: bool) -> list[Path]:
    path = sqlite_path(url)
    if path is None:
        raise BackupError("Only a database in a file can be restored: set SUPPORTBOT_DATABASE_URL to a file.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path):
        _refuse_living(settings, path.exists() and path.stat().st_size > 0, force=force)
        ready = path.with_name(f".{path.name}{_RESTORED}")
        _remove_database(ready)
        tell("copying the database", 0.0)
        await asyncio.to_thread(shutil.copyfile, source / SQLITE_FILE, ready)
        await asyncio.to_thread(sqlite.check, ready)
        database = Database(str(url.set(database=str(ready))))
        try:
            await _make_current(database)
        finally:
            await database.aclose()  # which also empties the log into the file
        fsync(ready)
        moved = await asyncio.to_thread(_put_models, settings, source, tell)
        stamp = _stamp()
        # The log first: a crash in between must not leave the old log beside the new file.
        for ending in (*_BESIDE_SQLITE, ""):
            moved += _move_aside(path.with_name(path.name + ending), stamp, ending)
        ready.replace(path)
        fsync(path.parent)
    return [each for each in moved if not each.name.endswith(_BESIDE_SQLITE)]


async def _put_postgresql(settings: Settings, url: URL, source: Path, tell: Tell, *, force: bool) -> list[Path]:
    database = Database(settings.sqlalchemy_url)
    try:
        if await current_revision(database) is not None:
            raise BackupError(
                f"The database '{url.database}' is not empty: create another one (`createdb`) and set "
                "SUPPORTBOT_DATABASE_URL to it; data in a server is never moved aside."
            )
        _refuse_living(settings, False, force=force)
        tell("restoring the database", 0.0)
        await asyncio.to_thread(postgresql.restore, url, source / POSTGRESQL_FILE)
        await _make_current(database)
    finally:
        await database.aclose()
    return await asyncio.to_thread(_put_models, settings, source, tell)


async def _make_current(database: Database) -> None:
    """Bring the schema to this program's, and have senders look before they send what was due then."""
    await migrate(database)
    async with database.write() as session:
        # They may have been delivered after the backup was made; whoever tries again looks for the mark first.
        await session.execute(
            update(Outbox).where(Outbox.state == OutboxState.PENDING, Outbox.attempts == 0).values(attempts=1)
        )


def _put_models(settings: Settings, source: Path, tell: Tell) -> list[Path]:
    models = settings.models_dir
    ready = models.with_name(f".{models.name}{_RESTORED}")
    shutil.rmtree(ready, ignore_errors=True)
    tell("copying the models", 0.0)
    shutil.copytree(source / MODELS, ready)
    for path in (*ready.rglob("*"), ready):
        fsync(path)
    moved = _move_aside(models, _stamp())
    ready.replace(models)
    fsync(models.parent)
    return moved


def _refuse_living(settings: Settings, has_database: bool, *, force: bool) -> None:
    if not force and (has_database or Registry(settings.models_dir).versions()):
        raise BackupError(
            f"There is already a bot in {settings.home}: set SUPPORTBOT_HOME to another folder, or add --force to "
            "move its database and models aside."
        )


def _move_aside(path: Path, stamp: str, ending: str = "") -> list[Path]:
    if not path.exists():
        return []
    aside = path.with_name(f"{path.name.removesuffix(ending)}.before-{stamp}{ending}")
    return [path.replace(aside)]


def _remove_database(path: Path) -> None:
    for ending in ("", *_BESIDE_SQLITE):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold what a daemon holds while it uses a file of SQLite."""
    try:
        with FileLock(f"{path}.lock", timeout=0):
            yield
    except Timeout:
        raise BackupError(f"A daemon uses {path}: stop it first.") from None

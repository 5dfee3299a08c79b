"""What could prevent a restart with this version. Each check is one of ``doctor``'s, or cheap.

The checks look and never change anything: the old daemon still runs. The model is not loaded a second time.
Migrations of SQLite are tried on a copy, which shows that they work on this very data, and how long they take.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic.script import Script
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from supportbot.backup import sqlite
from supportbot.backup.backups import find_backups
from supportbot.cli._checks import (
    check_disk,
    check_env_file,
    check_home,
    check_permissions,
    guarded,
)
from supportbot.cli._findings import Finding
from supportbot.config import ENV_FILE, Settings, look_at_settings
from supportbot.db.models import Question
from supportbot.db.schema import migrate, pending
from supportbot.db.session import Database
from supportbot.engine.choose import Wanted, choose, has_cuda
from supportbot.errors import DatabaseError, SupportBotError
from supportbot.models.registry import Registry
from supportbot.telemetry.logs import configure_logging

_RECENT = timedelta(hours=24)
"""An older backup lacks more than a day of questions."""

_ROOM = 3
"""A trial needs this many times the size of the database: a copy, its write-ahead log, and the rewritten
tables."""

_COPY = ".upgrade-check-"
_MEGABYTE = 10**6


async def examine() -> AsyncGenerator[Finding]:
    """Run all checks, one after the other; without usable settings there is nothing else to check."""
    settings, problems = look_at_settings()
    for problem in problems:
        yield Finding("settings", False, problem)
    if settings is None:
        return
    configure_logging(settings.model_copy(update={"log_level": "error"}))
    if not problems:
        yield Finding("settings", True, f"this version knows all {len(settings.model_fields_set)} that are set")
    yield check_home(settings)
    yield check_env_file(Path(ENV_FILE))
    yield check_disk(settings)
    yield await _schema(settings)
    yield await asyncio.to_thread(_backup, settings)
    yield await guarded("model", _model, settings)
    yield await guarded("encoder", _encoder, settings)
    yield check_permissions(settings)


async def _schema(settings: Settings) -> Finding:
    database = Database(settings.sqlalchemy_url)
    try:
        if database.is_missing:
            raise DatabaseError(f"{database.url.database} does not exist yet: run `supportbot init`.")
        waiting = await pending(database)
        if not waiting:
            return Finding("schema", True, f"{database.name} has the schema of this version")
        number = "1 migration is" if len(waiting) == 1 else f"{len(waiting)} migrations are"
        named = ", ".join(f"{one.revision} {one.doc}" for one in waiting)
        what = f"{number} pending ({named})"
        tried = await _try(database, waiting)
    except SupportBotError as error:
        return Finding("schema", False, str(error))
    finally:
        await database.aclose()
    remedy = "stop the daemon, run `supportbot backup PATH` and `supportbot init`, and start again."
    return Finding("schema", True, f"{what}; {tried}: {remedy}", warning=True)


async def _try(database: Database, waiting: list[Script]) -> str:
    """Migrate a copy; return how that went.

    Raises:
        DatabaseError: it failed, as it would on the database itself.
    """
    if database.path is None:
        async with database.read() as session:
            questions = await session.scalar(select(func.count()).select_from(Question))
        return f"not tried, because that needs a copy of the PostgreSQL database, with {questions:,} questions"
    size, free = database.path.stat().st_size, shutil.disk_usage(database.path.parent).free
    if free < _ROOM * size:
        return f"not tried, because there is no space for a copy of {size / _MEGABYTE:.1f} MB"
    for left in database.path.parent.glob(f"{_COPY}*"):  # of a check that was killed: it has people's texts
        shutil.rmtree(left, ignore_errors=True)
    # Beside the database: only its owner can read it, and that disk has space for it.
    with tempfile.TemporaryDirectory(prefix=_COPY, dir=database.path.parent) as folder:
        copy = Path(folder) / database.path.name
        await asyncio.to_thread(sqlite.copy, database.path, copy, lambda what, share: None)
        copied = Database(str(database.url.set(database=str(copy))))
        began = time.monotonic()
        try:
            await migrate(copied)
        except SQLAlchemyError as error:
            raise DatabaseError(
                f"A migration fails on a copy of the database ({type(error).__name__}, one of "
                f"{', '.join(one.revision for one in waiting)}): keep the running version, and report this."
            ) from error
        finally:
            await copied.aclose()
        seconds = time.monotonic() - began
    return f"tried on a copy of {size / _MEGABYTE:.1f} MB, they took {seconds:.1f} s"


def _backup(settings: Settings) -> Finding:
    folder = settings.backups_folder
    newest = max(find_backups(folder), key=lambda one: one.at, default=None)
    if newest is None:
        return Finding(
            "backup", True, f"there is none in {folder}: make one with `supportbot backup PATH`.", warning=True
        )
    hours = (datetime.now(UTC) - newest.at) / timedelta(hours=1)
    found = f"{newest.path} is {hours:.0f} hours old"
    if hours > _RECENT / timedelta(hours=1):
        return Finding("backup", True, f"{found}: make one with `supportbot backup PATH`.", warning=True)
    return Finding("backup", True, found)


async def _model(settings: Settings) -> str:
    return await asyncio.to_thread(_describe_model, settings)


def _describe_model(settings: Settings) -> str:
    source = Registry(settings.models_dir).resolve(settings.model)
    if settings.engine == "remote":
        return f"{source.version}; `supportbot doctor` asks the servers of SUPPORTBOT_REMOTE_URLS"
    if not Path(source.location).is_dir():
        return f"{source.version} is on the model hub; `supportbot doctor` loads it"
    wanted = Wanted(engine=settings.engine, precision=settings.precision, exports=settings.exports_dir)
    choice = choose(Path(source.location), wanted, int8_loss_rise=source.int8_loss_rise, cuda=has_cuda())
    files = "its files match its manifest" if source.digests else "a folder without a manifest"
    return f"{source.version}, {files}, by {choice.engine} ({choice.reason}); `supportbot doctor` loads it"


async def _encoder(settings: Settings) -> str:
    from supportbot.bootstrap import open_encoder

    encoder = await asyncio.to_thread(open_encoder, settings)
    if encoder is None:
        return "none is set, only letters are compared"
    return f"{settings.encoder or 'the shipped one'} can be read"

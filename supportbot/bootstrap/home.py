"""The home folder and the database in it: made, migrated, and opened for as long as somebody needs it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from supportbot.config import Settings
from supportbot.db.schema import migrate
from supportbot.db.session import LOCK_SECONDS, Database
from supportbot.errors import ConfigError
from supportbot.knowledge import small_talk
from supportbot.models.registry import Registry, starter_directory


def create_home(settings: Settings) -> None:
    """Create the home folder, readable by nobody else.

    Raises:
        ConfigError: it cannot be created or written.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(settings.home, os.W_OK | os.X_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise ConfigError(f"SUPPORTBOT_HOME ({settings.home}) cannot be used: {error.strerror}.") from error


@asynccontextmanager
async def open_database(settings: Settings, *, lock_seconds: float | None = None) -> AsyncGenerator[Database]:
    """Open the database and close it at the end.

    Args:
        settings: of this process.
        lock_seconds: how long to wait for SQLite's one writer at most; None for as long as the daemon does.
    """
    create_home(settings)
    patience = LOCK_SECONDS if lock_seconds is None else lock_seconds
    database = Database(settings.sqlalchemy_url, lock_seconds=patience)
    try:
        yield database
    finally:
        await database.aclose()


async def initialise(settings: Settings) -> None:
    """Migrate the database, and install small talk and the starter model if there are none yet.

    Raises:
        DatabaseError: the database cannot be migrated.
        ModelError: the starter model that ships with the package is damaged.
    """
    async with open_database(settings) as database:
        await migrate(database)
        async with database.write() as session:
            await small_talk.install(session)
    registry = Registry(settings.models_dir)
    if registry.active() is None:
        manifest = registry.install(starter_directory())
        registry.activate(manifest.version)

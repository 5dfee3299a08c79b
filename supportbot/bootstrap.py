"""The one composition root: settings in, a working support bot out.

Everything is opened here, in order, and closed in reverse; nothing else in the core builds its own collaborators.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from filelock import FileLock, Timeout

from supportbot.answerer import Answerer
from supportbot.config import Settings
from supportbot.db.schema import check_schema, migrate
from supportbot.db.session import Database
from supportbot.dispatch import Dispatcher, Sender
from supportbot.engine.base import Engine
from supportbot.errors import ConfigError, DatabaseError
from supportbot.history import History
from supportbot.inbox import Inbox
from supportbot.live import Live
from supportbot.outbox import Outbox
from supportbot.registry import ModelSource, Registry, starter_directory
from supportbot.reloader import Reloader, show_model
from supportbot.service import Service
from supportbot.votes import Votes
from supportbot.worker import Worker

_LEASE_MARGIN = timedelta(seconds=30)
"""For what happens around generation: waiting for the database, mostly."""


@dataclass(frozen=True, slots=True)
class Core:
    """What is open: the service that adapters call, and the loops that the daemon runs.

    ``reloader`` is None where ``SUPPORTBOT_MODEL`` pins the model.
    """

    settings: Settings
    database: Database
    answerer: Answerer
    reloader: Reloader | None
    service: Service
    worker: Worker
    outbox: Outbox
    dispatchers: dict[str, Dispatcher]

    @property
    def model_version(self) -> str:
        """Name of the model that answers now; it changes when another version goes live."""
        return self.answerer.engine.model_version

    def add_sender(self, sender: Sender) -> Dispatcher:
        """Deliver a platform's replies through its sender."""
        self.dispatchers[sender.platform] = Dispatcher(self.outbox, sender)
        return self.dispatchers[sender.platform]


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
async def open_database(settings: Settings) -> AsyncGenerator[Database]:
    """Open the database and close it at the end."""
    create_home(settings)
    database = Database(settings.sqlalchemy_url)
    try:
        yield database
    finally:
        await database.aclose()


async def initialise(settings: Settings) -> None:
    """Migrate the database, and install the starter model if there is no model yet.

    Raises:
        DatabaseError: the database cannot be migrated.
        ModelError: the starter model that ships with the package is damaged.
    """
    async with open_database(settings) as database:
        await migrate(database)
    registry = Registry(settings.models_dir)
    if registry.active() is None:
        manifest = registry.install(starter_directory())
        registry.activate(manifest.version)


@asynccontextmanager
async def open_core(settings: Settings, *, platforms: Collection[str], daemon: bool) -> AsyncGenerator[Core]:
    """Open database and model and wire the core.

    Args:
        settings: of this process.
        platforms: whose questions this process answers.
        daemon: claim a SQLite database for this process alone, and take up what a crash left behind.

    Raises:
        ConfigError: another daemon uses the same SQLite database.
        DatabaseError: the database can't be used, or has another schema.
        ModelError: there is no usable model.
    """
    async with open_database(settings) as database:
        await check_schema(database)
        lock = _lock_sqlite(database) if daemon else None
        try:
            inbox = Inbox(
                database,
                owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
                lease=timedelta(seconds=settings.answer_seconds) + _LEASE_MARGIN,
            )
            outbox = Outbox(database)
            if lock:  # only now is it certain that nobody else works on what is under way
                await inbox.recover(platforms)
                await outbox.recover()
            registry = Registry(settings.models_dir)
            source = await asyncio.to_thread(registry.resolve, settings.model)
            load = partial(_load, settings)
            engine = await asyncio.to_thread(load, source)
            floor = settings.confidence_floor
            answerer = Answerer(engine, confidence_floor=source.confidence_floor if floor is None else floor)
            show_model(source.version)
            try:
                reloader = None
                if not settings.model:
                    reloader = Reloader(registry, answerer, load, confidence_floor=floor)
                dispatchers: dict[str, Dispatcher] = {}
                live = Live()

                def ring(platform: str) -> None:
                    if platform in dispatchers:
                        dispatchers[platform].wake.set()

                worker = Worker(
                    inbox,
                    answerer,
                    live,
                    platforms=platforms,
                    answer_seconds=settings.answer_seconds,
                    question_age=timedelta(minutes=settings.question_minutes),
                    on_answered=ring,
                )
                service = Service(inbox, Votes(database), History(database), live, worker.wake)
                yield Core(settings, database, answerer, reloader, service, worker, outbox, dispatchers)
            finally:
                await answerer.aclose()
        finally:
            if lock:
                lock.release()


def _load(settings: Settings, source: ModelSource) -> Engine:
    # Imported here: torch takes a second, and most commands of the CLI never need it.
    from supportbot.engine.load import load_engine

    return load_engine(source.location, source.version, settings.precision)


def _lock_sqlite(database: Database) -> FileLock | None:
    """Make sure that one daemon at a time uses a SQLite file; PostgreSQL is made for many."""
    if not database.is_sqlite or not database.url.database:
        return None
    lock = FileLock(f"{database.url.database}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DatabaseError(
            f"Another daemon uses {database.url.database}: stop it first, or use PostgreSQL "
            "(SUPPORTBOT_DATABASE_URL), which several daemons can share."
        ) from None
    return lock

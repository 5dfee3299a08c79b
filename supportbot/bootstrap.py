"""The one composition root: settings in, a working support bot out.

Everything is opened here, in order, and closed in reverse; nothing else in the core builds its own collaborators.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from supportbot.answering.answerer import Answerer
from supportbot.answering.explain import may_generate
from supportbot.answering.generator import Generator, LiveModel
from supportbot.answering.worker import Worker
from supportbot.config import Settings
from supportbot.db.schema import check_schema, migrate
from supportbot.db.session import Database
from supportbot.delivery.dispatch import Dispatcher, Sender
from supportbot.delivery.outbox import Outbox
from supportbot.engine.base import Engine
from supportbot.engine.choose import Wanted, find_model, load_chosen
from supportbot.engine.smoke import smoke
from supportbot.errors import ConfigError, DatabaseError, ModelError
from supportbot.feedback.curation.store import approved_answers
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Welcome
from supportbot.knowledge import small_talk
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.models.publishing.lineage import is_trained_here
from supportbot.models.registry import STARTER, ModelSource, Registry, starter_directory
from supportbot.models.reloader import Reloader, show_model
from supportbot.service import Service

DEMO_EXAMPLES = ("How do I return an item?", "Where is my order?", "Which payment methods do you take?")
"""What the starter can be asked: questions of its own FAQ."""

_LEASE_MARGIN = timedelta(seconds=30)
"""For what happens around generation: waiting for the database, mostly."""


@dataclass(frozen=True, slots=True)
class Core:
    """What is open: the service that adapters call, and the loops that the daemon runs.

    ``knowledge`` follows the database while its ``run`` runs. ``reloader`` is None where ``SUPPORTBOT_MODEL`` pins
    the model, or a remote one answers. ``prepare`` has the model say something before anybody asks, which also
    starts its process; ModelError if it cannot.
    """

    settings: Settings
    database: Database
    answerer: Answerer
    knowledge: Knowledge
    prepare: Callable[[], Coroutine[Any, Any, None]]
    reloader: Reloader | None
    service: Service
    worker: Worker
    outbox: Outbox
    dispatchers: dict[str, Dispatcher]

    @property
    def model_version(self) -> str:
        """Name of the model that answers now; it changes when another version goes live."""
        return self.answerer.engine.model_version

    async def welcome(self) -> Welcome:
        """Return what a visitor of the page finds."""
        demo = self.answerer.is_demo
        examples = DEMO_EXAMPLES if demo else self.knowledge.examples()
        return Welcome(name=self.settings.name, examples=examples, demo=demo)

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
async def open_database(settings: Settings, *, busy_seconds: float | None = None) -> AsyncGenerator[Database]:
    """Open the database and close it at the end.

    Args:
        settings: of this process.
        busy_seconds: how long to wait for SQLite's one writer at most; None for as long as the daemon does.
    """
    create_home(settings)
    database = Database(settings.sqlalchemy_url)
    if busy_seconds is not None and database.is_sqlite:
        event.listen(database.engine.sync_engine, "connect", partial(_wait_at_most, busy_seconds))
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
            knowledge = make_knowledge(settings, database)
            # Beside the model, which is read from disk meanwhile.
            knowing = asyncio.ensure_future(knowledge.refresh(fit_first=False) if daemon else knowledge.load())
            try:
                source, engine = await _load_model(settings, registry)
            except BaseException:
                knowing.cancel()
                raise
            describe = partial(_describe, settings, database)
            generator = Generator(await describe(source, engine), candidates=settings.candidates)
            answerer = Answerer(
                generator,
                knowledge,
                mode=settings.answer_mode,
                starter_may_speak=_starter_may_speak(settings),
                starter_is_named=settings.model == STARTER,
            )
            show_model(source.version)
            try:
                await knowing
                if daemon:
                    await asyncio.to_thread(prune_exports, settings)
                reloader = None
                if not settings.model and settings.engine != "remote":
                    load = partial(_exchange, settings)
                    reloader = Reloader(registry, generator, load, partial(_prepare, database), describe)

                async def prepare() -> None:
                    with _remedied(settings, registry):
                        await _prepare(database, engine)

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
                service = Service(
                    inbox,
                    Votes(database),
                    Suggestions(database, keep=settings.kept_contacts),
                    History(database),
                    live,
                    worker.wake,
                )
                yield Core(
                    settings,
                    database,
                    answerer,
                    knowledge,
                    prepare,
                    reloader,
                    service,
                    worker,
                    outbox,
                    dispatchers,
                )
            finally:
                await knowledge.aclose()
                await answerer.aclose()
        finally:
            if lock:
                lock.release()


def make_knowledge(settings: Settings, database: Database) -> Knowledge:
    """Make the knowledge as it is set; it is empty until it is loaded, and opens its encoder then."""
    return Knowledge(
        database,
        partial(_open_encoder, settings),
        wrong_rate=settings.wrong_rate,
        small_talk=settings.small_talk,
    )


async def model_is_asked(settings: Settings, database: Database, *, has_knowledge: bool) -> bool:
    """Return whether the model that is set would be asked about what is not verified; it is not loaded.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    source = await asyncio.to_thread(Registry(settings.models_dir).resolve, settings.model)
    async with database.read() as session:
        knows_us = await is_trained_here(session, source.version)
    return may_generate(
        is_starter=source.is_starter,
        is_named=settings.model == STARTER,
        may_speak=_starter_may_speak(settings),
        knows_us=knows_us,
        has_knowledge=has_knowledge,
    )


def _starter_may_speak(settings: Settings) -> bool:
    return settings.slack_bot_token is None and settings.discord_token is None


def make_engine(settings: Settings, source: ModelSource) -> Engine:
    """Make the engine that answers, as it is set; blocks.

    Raises:
        ConfigError: the settings contradict each other or the model.
        ModelError: the model is damaged, or of no kind that can be loaded.
    """
    if settings.engine == "remote":
        from supportbot.engine.remote.load import load_remote

        key = settings.remote_api_key
        return load_remote(
            settings.remote_servers,
            settings.remote_model,
            key.get_secret_value() if key else None,
            find_model(source.location, weights=False),
            settings.remote_model or source.version,
        )
    return make_local_engine(settings, source)


def make_local_engine(settings: Settings, source: ModelSource) -> Engine:
    """Load a model on this machine, to be tried or measured even if a remote one answers; blocks.

    Raises:
        ConfigError: the settings contradict each other or the model.
        ModelError: the model is damaged, or of no kind that can be loaded.
    """
    engine = "auto" if settings.engine == "remote" else settings.engine
    wanted = Wanted(engine=engine, precision=settings.precision, exports=settings.exports_dir)
    return load_chosen(source.location, source.version, wanted, int8_loss_rise=source.int8_loss_rise)


async def _describe(settings: Settings, database: Database, source: ModelSource, engine: Engine) -> LiveModel:
    """Say of a model that was loaded how far it is to be trusted."""
    async with database.read() as session:
        knows_us = await is_trained_here(session, source.version)
    floor = settings.confidence_floor
    return LiveModel(
        engine,
        source.confidence_floor if floor is None else floor,
        is_starter=source.is_starter,
        knows_us=knows_us,
    )


def _open_encoder(settings: Settings) -> TextEncoder | None:
    """Open the sentence encoder as it is set; blocks.

    Raises:
        EncoderError: it cannot be used.
    """
    if settings.encoder == "none":
        return None
    from supportbot.knowledge.encoder.open import open_encoder

    return open_encoder(settings.encoder or "")


async def _prepare(database: Database, engine: Engine) -> None:
    """Tell a model which answers were approved, and let it say something before anybody asks.

    Raises:
        ModelError: it cannot.
    """
    engine.expect(await approved_answers(database))
    await smoke(engine)


def prune_exports(settings: Settings) -> int:
    """Delete exported models that belong to no installed version and are not in use; return the bytes freed.

    See ``engine.openvino.prune`` for what stays; it never fails.
    """
    from supportbot.engine.openvino.prune import prune

    versions = Registry(settings.models_dir).versions()
    return prune(settings.exports_dir, [settings.models_dir / version for version in versions])


def _exchange(settings: Settings, source: ModelSource) -> Engine:
    """Make the engine of a version that went live, and delete what its predecessors left; blocks."""
    engine = make_engine(settings, source)
    prune_exports(settings)
    return engine


async def _load_model(settings: Settings, registry: Registry) -> tuple[ModelSource, Engine]:
    """Load what is to answer."""
    with _remedied(settings, registry):
        source = await asyncio.to_thread(registry.resolve, settings.model)
        return source, await asyncio.to_thread(make_engine, settings, source)


@contextmanager
def _remedied(settings: Settings, registry: Registry) -> Iterator[None]:
    """Say of a live version that fails what can be done.

    No other version takes its place: which one is live is a person's decision, and audited.
    """
    try:
        yield
    except ModelError as error:
        if settings.model or registry.active() is None:
            raise
        remedy = "let a sound version go live with `supportbot models promote`"
        if (previous := registry.previous()) is not None:
            remedy = f"return to '{previous}' with `supportbot models rollback`"
        raise ModelError(f"The live version '{registry.active()}' can't answer, so {remedy}. {error}") from error


def _wait_at_most(seconds: float, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
    cursor.close()


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

"""The core, opened: settings in, a working support bot out.

Everything is opened here, in order, and closed in reverse; nothing else in the core builds its own collaborators.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial

from filelock import FileLock, Timeout

from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.slots import Slots
from supportbot.answering.worker import Worker
from supportbot.bootstrap.home import open_database
from supportbot.bootstrap.knowing import encoder_opener, make_knowledge, make_passages
from supportbot.config import Settings
from supportbot.console import open_console
from supportbot.core import Core
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.delivery.dispatch import Dispatcher
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.renewal import LEASE, Renewal
from supportbot.delivery.stream_notes import StreamNotes
from supportbot.delivery.streaming import Streams
from supportbot.digest.digest import Digests
from supportbot.digest.posting import Posting
from supportbot.errors import DatabaseError
from supportbot.feedback.again import Again
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.handoffs.reminding import Reminders
from supportbot.intake.admission import UNLIMITED, Limit, Limits
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.models import loading
from supportbot.models.bringing import Bringing
from supportbot.models.expecting import Expectations
from supportbot.models.following import Following
from supportbot.models.publishing import Publishing
from supportbot.models.registry import STARTER, Registry
from supportbot.models.reloader import Reloader, show_model
from supportbot.models.supply import open_supply
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.upkeep import Upkeep
from supportbot.service import Service
from supportbot.statistics.overview import Overview
from supportbot.telemetry import metrics
from supportbot.trials.following import Following as Trial
from supportbot.trials.judging import Judging


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
            owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
            limits = _limits(settings) if daemon else UNLIMITED
            inbox = Inbox(database, owner, LEASE, limits, _note_first_reply, settings.language)
            outbox = Outbox(database, owner, LEASE)
            if lock:  # only now is it certain that nobody else works on what is in progress
                await inbox.recover(platforms)
                await outbox.recover()
            registry = Registry(settings.models_dir)
            open_encoder = encoder_opener(settings)
            reading = Digests(database, open_encoder, settings.kept_contacts)
            digests = Posting(database, reading, owner, language=settings.language)
            if lock:
                await digests.recover()
            knowledge = make_knowledge(settings, database, open_encoder)
            passages = make_passages(settings, database, open_encoder)
            supply = open_supply(settings, database, registry)
            is_pinned = settings.model is not None or settings.engine == "remote"
            bringing = None
            if daemon and not is_pinned and not database.is_sqlite:
                bringing = Bringing(database, registry, supply)
                await bringing.begin()
            # Both threads below import it, and its first import sometimes fails if two do it at once.
            import tokenizers.decoders  # noqa: F401

            # Beside the model, which is read from disk meanwhile.
            knowing = asyncio.ensure_future(knowledge.open() if daemon else knowledge.load())
            try:
                source, model = await loading.load_model(settings, database, registry)
            except BaseException:
                knowing.cancel()
                await asyncio.gather(knowing, return_exceptions=True)  # before the database is closed under it
                raise
            slots = Slots(settings.busy_seconds or None) if daemon else Slots()
            generator = Generator(model, candidates=settings.candidates, slots=slots)
            answerer = Answerer(
                generator,
                knowledge,
                mode=settings.answer_mode,
                starter_may_speak=loading.starter_may_speak(settings),
                starter_is_named=settings.model == STARTER,
                passages=passages,
            )
            show_model(source.version)
            try:
                await knowing
                if passages is not None and not daemon:  # a daemon's follow when it runs, and hold no start up
                    await passages.load()
                if daemon:
                    await asyncio.to_thread(loading.prune_exports, settings)
                reloader = trial = judging = following = None
                if not is_pinned:
                    load = partial(loading.exchange, settings)
                    prepared = partial(loading.prepare, database)
                    describe = partial(loading.describe, settings, database)
                    reloader = Reloader(registry, generator, load, prepared, describe)
                    make = partial(loading.make_engine, settings)
                    trial = Trial(database, registry, generator, make, prepared, describe, supply)
                    try_out = partial(loading.make_local_engine, settings)
                    judging = Judging(database, Publishing(database, registry, try_out, supply).promote)
                if bringing is not None:
                    following = Following(
                        database, registry, supply, bringing, lambda: answerer.engine.model_version, owner
                    )

                async def prepare() -> None:
                    with loading.remedied(settings, registry):
                        await loading.prepare(database, model.engine)

                dispatchers: dict[str, Dispatcher] = {}
                live = Live()

                def ring(platform: str) -> None:
                    if platform in dispatchers:
                        dispatchers[platform].wake.set()

                streams = Streams(StreamNotes(database, owner), live) if daemon and settings.streaming else None
                handoffs = Handoffs(database, inbox, ring)
                worker = Worker(
                    inbox,
                    answerer,
                    live,
                    platforms=platforms,
                    answer_seconds=settings.answer_seconds,
                    question_age=timedelta(minutes=settings.question_minutes),
                    on_answered=ring,
                    showing=streams.showing if streams else lambda claim: nullcontext(),
                )
                upkeep = Upkeep(database, settings.retention_days)
                service = Service(
                    inbox,
                    Votes(database),
                    Suggestions(database, keep=settings.kept_contacts),
                    History(database),
                    live,
                    worker.wake,
                    Privacy(database, settings.home),
                    upkeep.wake,
                    ring,
                    worker.crowd_for,
                    streams.take_back if streams else None,
                    Overview(database, knowledge),
                    handoffs,
                    Again(database),
                )
                consoles = open_console(
                    settings,
                    database,
                    answerer=answerer,
                    knowledge=knowledge,
                    passages=passages,
                    open_encoder=open_encoder,
                    platforms=platforms,
                )
                async with Renewal(database, owner, inbox, outbox), consoles as console:
                    yield Core(
                        settings,
                        database,
                        answerer,
                        knowledge,
                        passages,
                        prepare,
                        reloader,
                        following,
                        trial,
                        judging,
                        Expectations(database, lambda: answerer.engine),
                        upkeep,
                        Reminders(database, ring),
                        digests,
                        service,
                        worker,
                        outbox,
                        dispatchers,
                        streams,
                        console,
                    )
            finally:
                if passages is not None:
                    await passages.aclose()
                await knowledge.aclose()
                await answerer.aclose()
        finally:
            if lock:
                lock.release()


def _note_first_reply(waited: timedelta) -> None:
    metrics.HANDOFF_SECONDS.observe(waited.total_seconds())


def _limits(settings: Settings) -> Limits:
    return Limits(
        person=Limit(settings.person_at_once, settings.person_a_minute),
        channel=Limit(settings.channel_at_once, settings.channel_a_minute),
        workspace=Limit(settings.workspace_at_once, settings.workspace_a_minute),
    )


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

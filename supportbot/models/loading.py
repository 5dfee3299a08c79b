"""Loading the model that answers: an engine for a version, how far it is trusted, and the remedy if it fails. The
settings decide first; the registry knows which version is live, and ``publishing`` whether one may go live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from supportbot.answering.live_model import LiveModel, floor_that_holds
from supportbot.answering.trust import may_generate
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.engine.base import Engine
from supportbot.engine.choose import Wanted, find_model, load_chosen
from supportbot.engine.smoke import smoke
from supportbot.errors import ModelError
from supportbot.extras import Extra, require
from supportbot.feedback.curation.store import approved_answers
from supportbot.models.apart import load_apart
from supportbot.models.publishing.lineage import is_trained_here
from supportbot.models.registry import STARTER, ModelSource, Registry


async def load_model(settings: Settings, database: Database, registry: Registry) -> tuple[ModelSource, LiveModel]:
    """Load what is to answer; what goes wrong, or a cancellation, leaves no engine behind."""
    with remedied(settings, registry):
        source = await asyncio.to_thread(registry.resolve, settings.model)
        engine = await load_apart(partial(make_engine, settings, source))
        try:
            return source, await describe(settings, database, source, engine)
        except BaseException:
            await engine.aclose()
            raise


def make_engine(settings: Settings, source: ModelSource) -> Engine:
    """Make the engine that answers, as it is set; blocks.

    Raises:
        ConfigError: the settings contradict each other or the model.
        MissingExtraError: the engine's libraries are not installed.
        ModelError: the model is damaged, or of no kind that can be loaded.
    """
    if settings.engine == "remote":
        require(Extra.REMOTE)
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
    wanted = Wanted(
        engine=engine, precision=settings.precision, exports=settings.exports_dir, digests=source.digests
    )
    return load_chosen(source.location, source.version, wanted, int8_loss_rise=source.int8_loss_rise)


async def describe(settings: Settings, database: Database, source: ModelSource, engine: Engine) -> LiveModel:
    """Describe a loaded model: how far it can be trusted."""
    async with database.read() as session:
        knows_us = await is_trained_here(session, source.version)
    return trusted(settings, source, engine, knows_us=knows_us)


def trusted(settings: Settings, source: ModelSource, engine: Engine, *, knows_us: bool) -> LiveModel:
    """Return a model with its floors; one that is set holds in place of both."""
    own, beside = _floors(settings, source)
    return LiveModel(engine, own, beside, is_starter=source.is_starter, knows_us=knows_us)


def _floors(settings: Settings, source: ModelSource) -> tuple[float | None, float | None]:
    """Return the floor of a model alone, and that beside knowledge."""
    if settings.confidence_floor is not None:
        return settings.confidence_floor, None
    return source.confidence_floor, source.floor_beside


async def prepare(database: Database, engine: Engine) -> None:
    """Tell a model which answers it may repeat (``expecting``), and let it say something before anybody asks.

    Raises:
        ModelError: it cannot.
    """
    engine.expect(await approved_answers(database))
    await smoke(engine)


def exchange(settings: Settings, source: ModelSource) -> Engine:
    """Make the engine of a version that went live, and delete what its predecessors left; blocks."""
    engine = make_engine(settings, source)
    prune_exports(settings)
    return engine


def prune_exports(settings: Settings) -> int:
    """Delete exported models that belong to no installed version and are not in use; return the bytes freed.

    See ``engine.openvino.prune`` for what stays; it never fails.
    """
    from supportbot.engine.openvino.prune import prune

    versions = Registry(settings.models_dir).versions()
    return prune(settings.exports_dir, [settings.models_dir / version for version in versions])


@dataclass(frozen=True, slots=True)
class SecondVoice:
    """A model as the second source, after approved answers.

    Attributes:
        is_asked: whether it is asked about what is not verified.
        floor: the least confidence with which it is heard then, in nats; None for any.
    """

    is_asked: bool
    floor: float | None


async def find_second_voice(
    settings: Settings, database: Database, *, has_knowledge: bool, has_passages: bool = False
) -> SecondVoice:
    """Describe the configured model as the second source, without loading it.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    source = await asyncio.to_thread(Registry(settings.models_dir).resolve, settings.model)
    async with database.read() as session:
        knows_us = await is_trained_here(session, source.version)
    is_asked = may_generate(
        is_starter=source.is_starter,
        is_named=settings.model == STARTER,
        may_speak=starter_may_speak(settings),
        knows_us=knows_us,
        has_knowledge=has_knowledge or (source.is_starter and has_passages),
    )
    own, beside = _floors(settings, source)
    return SecondVoice(is_asked, floor_that_holds(own, beside, beside_knowledge=has_knowledge))


def starter_may_speak(settings: Settings) -> bool:
    """Return whether the starter may answer while nothing is approved: not where a chat platform is set."""
    return not settings.slack_is_on and settings.discord_token is None


@contextmanager
def remedied(settings: Settings, registry: Registry) -> Iterator[None]:
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

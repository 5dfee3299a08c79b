"""A version loaded beside the one that answers, in an engine of its own: to reproduce an answer, or to try it.
Loading can't be interrupted: a process that ends in the middle of it aborts. So a task that is cancelled meanwhile
waits for its end, and closes the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from supportbot.config import Settings
from supportbot.engine.base import Engine
from supportbot.models.registry import ModelSource, Registry


async def load_apart(load: Callable[[], Engine]) -> Engine:
    """Make an engine in a thread, and return it; a cancellation leaves none behind.

    Args:
        load: makes it; blocks.

    Raises:
        SupportBotError: as ``load`` does.
    """
    loading = asyncio.ensure_future(asyncio.to_thread(load))
    try:
        return await asyncio.shield(loading)
    except asyncio.CancelledError:
        await asyncio.wait([loading])
        if loading.exception() is None:
            await loading.result().aclose()
        raise


@asynccontextmanager
async def engine_apart(load: Callable[[], Engine]) -> AsyncGenerator[Engine]:
    """Make an engine as ``load_apart`` does, and close it at the end."""
    engine = await load_apart(load)
    try:
        yield engine
    finally:
        await engine.aclose()


def find_version(settings: Settings, version: str) -> ModelSource | None:
    """Return a version: an installed one, or what the daemon would answer with; None if it is neither.

    Raises:
        ModelError: it is damaged.
    """
    registry = Registry(settings.models_dir)
    if version in registry.versions():
        return registry.resolve(version)
    if settings.model or settings.engine == "remote":
        source = registry.resolve(settings.model)
        if version == ((settings.engine == "remote" and settings.remote_model) or source.version):
            return source
    return None

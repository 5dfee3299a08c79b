"""Hot swap: the daemon follows the registry's live version without a restart.

Once a second it looks whether the live version was switched. A new one is verified, loaded beside the old one and
tried with a small question; then one reference changes. Answers in progress end on the model that they began with.
A version that fails is refused with one line in the log, and not tried again until somebody switches again: the
old model continues to answer. The daemon calls ``stop`` first when it stops: from then on nothing is switched.
Loading can't be interrupted (a process that ends in the middle of it aborts), so the daemon waits for it, and
closes the engine unused.

It neither knows how a version went live nor whether it is better; ``publishing`` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import structlog
from prometheus_client import Counter, Info

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.engine.base import Engine
from supportbot.errors import SupportBotError
from supportbot.models.apart import load_apart
from supportbot.models.ending import Ending
from supportbot.models.registry import ModelSource, Registry

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""A switch must be noticed within 2 s; looking costs one ``stat``."""

MODEL = Info("supportbot_model", "The model that answers.")
SWAPS = Counter("supportbot_model_swaps", "Switches of the live version that the daemon noticed.", ["outcome"])


class Reloader:
    """Keeps a generator on the live version.

    Args:
        registry: says which version is live.
        generator: gets the new model.
        load: makes an engine of a version; blocks, and is called in a thread.
        prepare: is given each new engine before it answers.
        describe: makes the model of a version and its engine.
    """

    def __init__(
        self,
        registry: Registry,
        generator: Generator,
        load: Callable[[ModelSource], Engine],
        prepare: Callable[[Engine], Awaitable[None]],
        describe: Callable[[ModelSource, Engine], Awaitable[LiveModel]],
    ) -> None:
        self._registry = registry
        self._generator = generator
        self._load = load
        self._prepare = prepare
        self._describe = describe
        self._seen: tuple[int, int] | None = None
        self._ending = Ending()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Follow no switch any more, not even one that is loading; replaced models still end their answers."""
        self._stopping.set()

    async def run(self) -> None:
        """Follow the registry until stopped or cancelled; a cancellation closes what was replaced at once."""
        try:
            while not self._stopping.is_set():
                try:
                    await self.follow()
                except (OSError, ValueError):
                    # Too many open files, a folder that is just being restored, a name that is no text.
                    log.exception("model.registry_unreadable")
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._stopping.wait()
            await self._ending.wait()
        finally:
            await self._ending.aclose()

    async def follow(self) -> bool:
        """Look once; return whether another model answers now."""
        # The stamp first: a switch after this line is noticed the next time.
        stamp = await asyncio.to_thread(self._registry.stamp)
        if stamp is None or stamp == self._seen:
            return False
        wanted = await asyncio.to_thread(self._registry.active)
        self._seen = stamp
        kept = self._generator.engine.model_version
        if wanted == kept:
            return False
        try:
            return await self._swap(stamp)
        except SupportBotError as error:
            SWAPS.labels("refused").inc()
            log.error("model.swap_failed", wanted=wanted, kept=kept, error=str(error))
        except Exception:
            # Whatever a file may do to the libraries that read it, the old model answers on.
            SWAPS.labels("refused").inc()
            log.exception("model.swap_failed", wanted=wanted, kept=kept)
        return False

    async def _swap(self, stamp: tuple[int, int]) -> bool:
        began = time.monotonic()
        source, engine = await self._load_live()
        try:
            await self._prepare(engine)
            model = await self._describe(source, engine)
            wanted = await asyncio.to_thread(self._registry.stamp) == stamp and not self._stopping.is_set()
        except BaseException:
            await engine.aclose()
            raise
        if not wanted:  # switched again, or back, or stopped, while this one was loading
            await engine.aclose()
            return False
        old_version = self._generator.engine.model_version
        self._ending.later(self._generator.replace_model(model))
        show_model(source.version)
        SWAPS.labels("swapped").inc()
        seconds = round(time.monotonic() - began, 3)
        log.info("model.swapped", **{"from": old_version, "to": source.version}, seconds=seconds)
        return True

    async def _load_live(self) -> tuple[ModelSource, Engine]:
        source = await asyncio.to_thread(self._registry.resolve, None)
        return source, await load_apart(partial(self._load, source))


def show_model(version: str) -> None:
    """Name the model that answers in the metrics."""
    MODEL.info({"version": version})

"""Versions that do not answer people, loaded when somebody tries them, and closed when nobody has for a while.

One run at a time uses them, and a run compares two versions at most: so no more than that are held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from supportbot.answering.live_model import LiveModel
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.engine.smoke import smoke
from supportbot.errors import ModelError
from supportbot.models.apart import find_version, load_apart
from supportbot.models.loading import describe, make_local_engine
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

KEPT_SECONDS = 120.0
"""How long a version stays loaded after its last use: long enough to change a question, and try again."""

MOST_HELD = 2

_NOT_INSTALLED = N_("Version “{version}” is no longer installed. Choose another one.")


class Engines:
    """The versions that are loaded beside the live one.

    Args:
        settings: of this process; they say how a version is loaded.
        database: says of a version what it was trained on.
        kept_seconds: after the last use.
    """

    def __init__(self, settings: Settings, database: Database, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._settings = settings
        self._database = database
        self._kept_seconds = kept_seconds
        self._held: dict[str, LiveModel] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._using = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def held(self) -> tuple[str, ...]:
        """The versions that are loaded, the one that was used last at the end."""
        return tuple(self._held)

    @asynccontextmanager
    async def use(self, version: str, loads: Callable[[], None]) -> AsyncGenerator[LiveModel]:
        """Use a version; it is not closed meanwhile.

        Args:
            version: an installed one.
            loads: called if it has to be loaded.

        Raises:
            ModelError: there is no such version, or it is damaged.
        """
        self._stop_timer()
        self._using += 1
        try:
            if version not in self._held:
                loads()
                await self._load(version)
            self._empty.clear()
            self._held[version] = model = self._held.pop(version)
            yield model
        finally:
            self._using -= 1
            if self._held and not self._using:
                self._timer = asyncio.get_running_loop().call_later(self._kept_seconds, self._close_later)

    async def until_closed(self) -> None:
        """Wait until nothing is loaded."""
        await self._empty.wait()

    async def aclose(self) -> None:
        """Close all of them."""
        self._stop_timer()
        self._close_later()
        await asyncio.gather(*self._closing)

    async def _load(self, version: str) -> None:
        while len(self._held) >= MOST_HELD:
            await self._held.pop(next(iter(self._held))).engine.aclose()
        source = await asyncio.to_thread(find_version, self._settings, version)
        if source is None:
            raise ModelError(Sentence(_NOT_INSTALLED, version=version))
        engine = await load_apart(partial(make_local_engine, self._settings, source))
        try:
            await smoke(engine)  # the first request starts its process, which is no time of an answer
            self._held[version] = await describe(self._settings, self._database, source, engine)
        except BaseException:
            await engine.aclose()
            raise

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_later(self) -> None:
        held, self._held = self._held, {}
        for version, model in held.items():
            task = asyncio.create_task(model.engine.aclose(), name=f"close-{version}")
            self._closing.add(task)
            task.add_done_callback(self._note_closed)
        if held:
            log.info("playground.closed", versions=list(held))

    def _note_closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not self._closing and not self._held:
            self._empty.set()

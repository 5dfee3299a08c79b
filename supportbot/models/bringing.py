"""Brings a home to the version that is live in a shared database.

A missing version is fetched, then the home's own file is switched. If the fetch fails, it is tried again, less and
less often. A download is stopped when somebody decides for another version meanwhile.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from supportbot.db.session import Database
from supportbot.errors import ModelError, SupportBotError
from supportbot.models.publishing.choose import settle, truth_of
from supportbot.models.registry import Registry
from supportbot.models.supply import Supply

log = structlog.get_logger(__name__)

START_SECONDS = 20.0
"""How long a start waits for the live version; then it goes on with what is here."""

_MOMENT = 1.0
"""Waited for a version, as most are here or are small; the next look comes a second later."""

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Between two attempts; the wait doubles."""


class Bringing:
    """Brings a home to the live version.

    Args:
        database: says which version is live.
        registry: of the home.
        supply: fetches what is not here.

    Attributes:
        problem: why the home is not on the live version; None where it is.
    """

    def __init__(self, database: Database, registry: Registry, supply: Supply) -> None:
        self._database = database
        self._registry = registry
        self._truth = truth_of(database, registry)
        self._supply = supply
        self._task: asyncio.Task[None] | None = None
        self._failed = ""
        self._failures = 0
        self._again = 0.0
        self.problem: str | None = None

    async def begin(self) -> None:
        """Come to what is live before anything is loaded, if that can be had in time."""
        until = time.monotonic() + START_SECONDS
        while await self.look() is not None and time.monotonic() < until:
            if self._task is None:  # it is here, or can't be had now
                return

    async def look(self) -> str | None:
        """Look once which version is live, and begin or go on to bring it; return its name, or None for none.

        Raises:
            DatabaseError: the database can't be asked.
        """
        live = (await settle(self._database, self._truth)).live
        if live is None or await self._is_on(live):
            self._end()
        else:
            await self._bring(live)
        return live

    async def aclose(self) -> None:
        """End what is in progress."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _is_on(self, live: str) -> bool:
        """Return whether this home is on a version, with the very files that the database knows."""
        try:
            return await self._supply.is_here(live) and await asyncio.to_thread(self._registry.active) == live
        except ModelError:  # other files have that name here, and whoever brings it says so
            return False

    async def _bring(self, live: str) -> None:
        if self._failed != live and (self._task is None or self._task.get_name() != live):
            self._end()
        if self._task is None:
            if time.monotonic() < self._again:
                return
            self._task = asyncio.create_task(self._come_to(live), name=live)
            self.problem = self.problem or f"'{live}' is being fetched."
        await asyncio.wait([self._task], timeout=_MOMENT)
        if not self._task.done():
            return
        done, self._task = self._task, None
        try:
            done.result()
        except SupportBotError as error:
            self._fail(live, str(error))
        except Exception as error:
            # Whatever a file may do to the libraries that read it, the old model answers on.
            self._fail(live, "It can't be used here: the log says why under model.not_followed.", error)
        else:
            self._end()

    async def _come_to(self, live: str) -> None:
        await self._supply.get(live)
        await asyncio.to_thread(self._registry.follow, live)

    def _end(self) -> None:
        """Begin again with the next version; what is in progress is not wanted any more."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._failed, self._failures, self._again, self.problem = None, "", 0, 0.0, None

    def _fail(self, live: str, sentence: str, error: Exception | None = None) -> None:
        if sentence != self.problem:  # said once, however often it is tried
            told = {"error": sentence} if error is None else {"exc_info": error}
            log.error("model.not_followed", wanted=live, kept=self._registry.active(), **told)
        self._failed, self.problem = live, sentence
        self._again = time.monotonic() + min(_LONGEST_WAIT, _FIRST_WAIT * 2**self._failures)
        self._failures = min(self._failures + 1, 10)

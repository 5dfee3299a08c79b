"""The daemon follows a database that machines share, so a promotion reaches each of them.

Once a second it looks which version is live, and brings its home there (``bringing``); the reloader does the rest.
While another version answers, it says so: in ``/readyz``, in its metrics, in the log once, and in the database for
``supportbot models list``. What this home has and the store lacks is put there, for the others.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.models.bringing import Bringing
from supportbot.models.daemons import SAY_SECONDS, leave, say
from supportbot.models.publishing.truth import AWAY
from supportbot.models.registry import Registry
from supportbot.models.supply import Supply

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""With a second of the reloader's, a switch is noticed within 2 s."""

STORE_SECONDS = 30.0
"""How often a home looks what the store lacks."""

_LEAVE_SECONDS = 1.0

BEHIND = Gauge("supportbot_model_behind", "1 if another version than the live one answers, else 0.")


class Following:
    """Keeps a daemon on the live version, and says how it stands.

    Args:
        database: that is followed.
        registry: of the home.
        supply: takes to the store what it lacks.
        bringing: brings the home to the live version.
        answering: names the model that answers now.
        owner: unique name of this process.

    Attributes:
        problem: why another model answers than the live one; None where none does.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        supply: Supply,
        bringing: Bringing,
        answering: Callable[[], str],
        owner: str,
    ) -> None:
        self._database = database
        self._registry = registry
        self._supply = supply
        self._bringing = bringing
        self._answering = answering
        self._owner = owner
        self._said: tuple[object, ...] = ()
        self._say_again = 0.0
        self._not_stored = ""
        self.problem: str | None = None

    async def run(self) -> None:
        """Follow until cancelled; a download that is in progress then ends."""
        storing = asyncio.create_task(self._store(), name="model-store")
        try:
            while True:
                try:
                    await self.follow()
                except Exception:
                    # A restarting PostgreSQL, or a full disk: what answers goes on answering.
                    log.exception("model.live_not_read")
                await asyncio.sleep(POLL_SECONDS)
        finally:
            storing.cancel()
            await asyncio.gather(storing, self._bringing.aclose(), return_exceptions=True)
            with suppress(*AWAY):  # else it is taken for gone in half a minute
                async with asyncio.timeout(_LEAVE_SECONDS), self._database.write() as session:
                    await leave(session, self._owner)

    async def follow(self) -> None:
        """Look once, and say how this daemon stands."""
        live, answering = await self._bringing.look(), self._answering()
        self.problem = self._bringing.problem
        if self.problem is None and live not in (None, answering):
            self.problem = f"'{live}' is being loaded, or was refused: the log says why under model.swap_failed."
        BEHIND.set(self.problem is not None)
        versions = await asyncio.to_thread(self._registry.versions)
        said = answering, tuple(versions), self.problem
        if said == self._said and time.monotonic() < self._say_again:
            return
        async with self._database.write() as session:
            await say(session, self._owner, socket.gethostname(), answering, versions, self.problem)
        self._said, self._say_again = said, time.monotonic() + SAY_SECONDS

    async def _store(self) -> None:
        while True:
            try:
                await self._supply.put_all()
                self._not_stored = ""
            except SupportBotError as error:
                if str(error) != self._not_stored:  # said once, however long the store is away
                    log.error("model.not_stored", error=str(error))
                self._not_stored = str(error)
            except Exception:
                log.exception("model.not_stored")
            await asyncio.sleep(STORE_SECONDS)

"""What prevents this process from answering: the names of parts for the probe, sentences for the operator.
Machines and perhaps strangers read the probe, so it only names parts. The problem and its remedy are logged once,
when it begins, and ``supportbot doctor`` shows them at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from bot.adapter import Adapter
from supportbot.core import Core
from supportbot.errors import DatabaseError

log = structlog.get_logger(__name__)


class Readiness:
    """Looks at the parts of a daemon.

    Args:
        core: its database and its knowledge.
        adapters: its platforms, by name.
        stopping: set when it ends.
    """

    def __init__(self, core: Core, adapters: Mapping[str, Adapter], stopping: asyncio.Event) -> None:
        self._core = core
        self._adapters = adapters
        self._stopping = stopping
        self._told = ""

    async def problems(self) -> Mapping[str, str]:
        """Return what is not well, by part; nothing if the daemon is ready."""
        problems = {name: "not connected" for name, each in self._adapters.items() if not each.is_connected}
        if self._stopping.is_set():
            problems["daemon"] = "stopping"
        if self._core.knowledge.problem:  # the loop that follows it has logged why
            problems["knowledge"] = "not up to date"
        if self._core.passages and self._core.passages.problem:
            problems["passages"] = "not up to date"
        try:
            await self._core.database.check()
        except DatabaseError as error:
            problems["database"] = "not usable"
            self._tell(str(error))
        else:
            if self._core.database.health.problem:  # it has told when that began
                problems["database"] = "not usable"
            self._told = ""
        return problems

    def remarks(self) -> Mapping[str, str]:
        """Return the problems that prevent no answer but need attention, by part."""
        is_behind = self._core.following is not None and self._core.following.problem is not None
        return {"model": "not the live version"} if is_behind else {}

    def _tell(self, sentence: str) -> None:
        """Log a sentence unless it is the one that was logged last: probes come every few seconds."""
        if sentence != self._told:
            log.error("readiness.database", problem=sentence)
        self._told = sentence

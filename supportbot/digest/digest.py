"""A digest: the figures of some days, the gaps, and who helped, of one workspace.

It is read again whenever it is shown, and kept nowhere: so nobody's words outlive their erasure in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from supportbot.db import clock
from supportbot.db.session import Database
from supportbot.digest.gaps import Gap, find_gaps
from supportbot.digest.reading import Helper, read_helpers
from supportbot.digest.week import DAYS
from supportbot.knowledge.features import TextEncoder
from supportbot.statistics.statistics import Statistics, read_statistics
from supportbot.statistics.unmet import read_unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a team is told.

    Attributes:
        figures: how much was asked and how it was answered.
        gaps: what was not known, what most people asked first.
        helpers: who answered instead, who did most first.
    """

    figures: Statistics
    gaps: tuple[Gap, ...]
    helpers: tuple[Helper, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.figures.questions or self.figures.refused or self.helpers)


class Digests:
    """Reads digests.

    Args:
        database: the record.
        open_encoder: what compares meanings, opened when it is needed; its result is None for letters alone.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """

    def __init__(
        self, database: Database, open_encoder: Callable[[], TextEncoder | None], keep: Collection[str] = ()
    ) -> None:
        self._database = database
        self._open_encoder = open_encoder
        self._keep = keep

    async def read(self, workspace_id: int, days: int = DAYS) -> Digest:
        """Return what happened in a workspace in the days up to now."""
        figures = await read_statistics(self._database, workspace_id, days)
        async with self._database.read() as session:
            since = await clock.now(session) - timedelta(days=days)
            unmet = await read_unmet(session, workspace_id, since)
            helpers = await read_helpers(session, workspace_id, since)

        def find() -> list[Gap]:
            return find_gaps(unmet, self._open_encoder(), self._keep) if unmet else []

        return Digest(figures=figures, gaps=tuple(await asyncio.to_thread(find)), helpers=tuple(helpers))

"""What the console shows first: all figures of a period, and the gaps; each call is a few short transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from supportbot.db import clock
from supportbot.db.session import Database
from supportbot.db.states import LOCAL_PLATFORMS
from supportbot.insights.beginning import Beginning, read_beginning
from supportbot.insights.changes import WEEK, Changes, changes_of
from supportbot.insights.charts import ChannelCount, Day, VersionVotes, channels_of, days_of, versions_of
from supportbot.insights.columns import Columns, microseconds
from supportbot.insights.counting import Counted, count, percentiles, stands
from supportbot.insights.figures import Figures, figures_of
from supportbot.insights.gaps import Gaps
from supportbot.insights.ledger import Ledger
from supportbot.insights.period import Period
from supportbot.insights.standing import Place, Queue, read_open_handoffs, read_places, read_queue
from supportbot.intake.samples import REPLACED, SHOWN_LATER

UNKNOWN = "readiness"
"""The part of the problems that says that nobody could find out."""

_PERCENTS = (50, 95)
_NO_PROBLEMS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A period at a glance.

    Attributes:
        now: its figures.
        before: those of the period before, of the same length.
        handoffs: those that nobody has answered at this moment.
        queue: the questions that have no answer yet.
        days: the questions by day.
        channels: and by channel.
        versions: what people think of what the model wrote, by its version.
        changes: how this week compares with the week before, whatever the period.
    """

    now: Figures
    before: Figures
    handoffs: Queue
    queue: Queue
    days: tuple[Day, ...]
    channels: tuple[ChannelCount, ...]
    versions: tuple[VersionVotes, ...]
    changes: Changes


class Today:
    """Looks back, for operators: nothing here is for who asks.

    Args:
        database: the record.
        gaps: finds and closes gaps.
        model_version: names the model that answers now; empty while none is asked.
        platforms: those that this process speaks on.
    """

    def __init__(
        self, database: Database, gaps: Gaps, model_version: Callable[[], str], platforms: Collection[str] = ()
    ) -> None:
        self._database = database
        self._platforms = frozenset(platforms) - LOCAL_PLATFORMS
        self._ledger = Ledger()
        self.gaps = gaps
        self.model_version = model_version
        self.problems: Callable[[], Awaitable[Mapping[str, str]]] = _none
        """Returns what is not well in this process, by part; whoever serves the pages says what looks."""

    async def beginning(self, problems: Mapping[str, str] = _NO_PROBLEMS) -> Beginning:
        """Return how far somebody has come who has just begun.

        Args:
            problems: what is not well, by part. A platform that is on and not among them is connected: nothing
                of it is in the record before the first question.
        """
        async with self._database.read() as session:
            begun = await read_beginning(session)
        are_connected = UNKNOWN not in problems and bool(self._platforms - problems.keys())
        return replace(begun, has_platform=begun.has_platform or are_connected)

    async def places(self) -> list[Place]:
        """Return the workspaces that one may choose from, the latest first."""
        async with self._database.read() as session:
            return await read_places(session)

    async def glance(self, period: Period) -> Glance:
        """Return a period at a glance."""
        days = max(2 * period.days, 2 * WEEK)
        async with self._database.read() as session:
            now = await clock.now(session)
            handoffs = await read_open_handoffs(session, period.workspace_id)
            queue = await read_queue(session, period.workspace_id)
            shown_later = (await session.scalars(SHOWN_LATER)).all()
            replaced = [number for number in await session.scalars(REPLACED) if number is not None]
            begun = now - timedelta(days=days)
            asked = await self._ledger.since(session, begun, now)
        await self._ledger.forget_notes(self._database, now)

        def look() -> Glance:
            is_here = asked.received >= microseconds(begun)
            if period.workspace_id is not None:
                is_here &= asked.workspace == period.workspace_id
            here = asked.where(is_here)
            counted = count(here, stands(here, shown_later, replaced), now)
            return _glance(period, now, here, counted, handoffs, queue)

        return await asyncio.to_thread(look)


async def _none() -> Mapping[str, str]:
    return {}


def _glance(
    period: Period, now: datetime, asked: Columns, counted: Counted, handoffs: Queue, queue: Queue
) -> Glance:
    latest, earlier = range(period.days), range(period.days, 2 * period.days)
    begun, begun_before = (microseconds(now - timedelta(days=days.stop)) for days in (latest, earlier))
    is_latest = asked.received >= begun
    asked_now, asked_before = asked.where(is_latest), asked.where(~is_latest & (asked.received >= begun_before))
    return Glance(
        now=figures_of(counted, latest, *percentiles(asked_now, _PERCENTS)),
        before=figures_of(counted, earlier, *percentiles(asked_before, _PERCENTS)),
        handoffs=handoffs,
        queue=queue,
        days=days_of(counted, latest, now.date()),
        channels=channels_of(asked_now),
        versions=versions_of(counted, latest),
        changes=changes_of(counted),
    )

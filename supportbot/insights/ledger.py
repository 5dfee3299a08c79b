"""The log as columns of numbers, of which days that are over are read once.

Such a day changes seldom: somebody votes late, an outage is caught up with, a person is erased. The database notes
the days of all such changes (``LateChange``), so a day that is remembered holds as long as the number of its notes
is the same. The notes are counted before anything is read: what comes in between is read once more at the next
look, and never missed. Numbers are all that is remembered, and nothing of what people wrote.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.counting import expect_lookups
from supportbot.db.models import Entry, LateChange
from supportbot.db.session import Database
from supportbot.db.states import EntrySource
from supportbot.insights.columns import Columns, Names, microseconds, read, together

_UNSETTLED = timedelta(hours=1)
"""After the end of a day: a transaction that began within it, and so notes nothing, has ended by then."""

_DAY = timedelta(days=1)
_MOST_DAYS = 62
"""That may be remembered; longer than any period with the one before it."""

_MOST_CHANNELS = 100_000
"""Names of channels that may be remembered, those of threads among them; then it starts again, in a second."""

_FEW = 1_000
"""Questions that are read at once: the event loop waits for so many for some milliseconds."""

_Stamp = tuple[int, int]


class Ledger:
    """What is remembered of a database."""

    def __init__(self) -> None:
        self._days: dict[date, tuple[_Stamp, Columns]] = {}
        self._names = Names()
        self._oldest_note: date | None = None

    async def since(self, session: AsyncSession, begun: datetime, now: datetime) -> Columns:
        """Return all questions that were received since the beginning of a day.

        Args:
            session: to read with.
            begun: any moment of that day, in UTC.
            now: by the database's clock.
        """
        first, today = begun.date(), now.date()
        days = [first + number * _DAY for number in range((today - first).days + 1)]
        late = dict((await session.execute(_NOTES)).all())
        talk = await session.scalar(_SMALL_TALK) or 0
        self._oldest_note = min(late, default=None)
        if len(self._names.channels.names) > _MOST_CHANNELS:
            self._days, self._names = {}, Names()
        names = self._names
        self._days = {day: one for day, one in self._days.items() if day >= today - _MOST_DAYS * _DAY}
        stamps = {day: (late.get(day, 0), talk) for day in days}
        known = {day: self._days[day] for day in days if day in self._days}
        found = {day: asked for day, (stamp, asked) in known.items() if stamp == stamps[day]}
        async for day, asked in _read(session, [day for day in days if day not in found], today, names):
            found[day] = asked
            if names is self._names and _start_of(day + _DAY) + _UNSETTLED <= now:
                self._days[day] = stamps[day], asked
        return together([found[day] for day in days])

    async def forget_notes(self, database: Database, now: datetime) -> None:
        """Remove the notes of days that no period reaches any more, if there are any."""
        first = now.date() - _MOST_DAYS * _DAY
        if self._oldest_note is not None and self._oldest_note < first:
            async with database.write() as session:
                await session.execute(delete(LateChange).where(LateChange.day < first))


async def _read(
    session: AsyncSession, days: Sequence[date], today: date, names: Names
) -> AsyncGenerator[tuple[date, Columns]]:
    """Yield each day with its questions; of days on which little was asked, several are read at once."""
    await expect_lookups(session)
    at_once, place = 1, 0
    while place < len(days):
        some = [day for day in days[place : place + at_once] if (day - days[place]).days < at_once]
        until = datetime.max.replace(tzinfo=UTC) if some[-1] == today else _start_of(some[-1] + _DAY)
        asked = await read(session, _start_of(some[0]), until, names)
        for day in some:
            is_its = asked.received >= microseconds(_start_of(day))
            if day != some[-1]:
                is_its &= asked.received < microseconds(_start_of(day + _DAY))
            yield day, asked.where(is_its)
        place += len(some)
        at_once = at_once * 2 if len(asked.id) < _FEW else max(at_once // 2, 1)


_NOTES = select(LateChange.day, func.count()).group_by(LateChange.day)
_SMALL_TALK = select(func.count()).where(Entry.source == EntrySource.SMALL_TALK)
"""What is small talk is a matter of the entry, which goes when the operator has it erased."""


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

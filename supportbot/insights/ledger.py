"""The log as columns of numbers, of which days that are over are read once.

Such a day changes seldom: somebody votes late, an outage is caught up with, a person is erased. The database notes
the days of all such changes (``LateChange``), so a day that is remembered holds as long as the number of its notes
is the same. The notes are counted before anything is read: what comes in between is read once more at the next
look, and never missed. Numbers are all that is remembered, and nothing of what people wrote.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, func, select

from supportbot.db.counting import expect_lookups
from supportbot.db.models import Entry, LateChange
from supportbot.db.session import Database
from supportbot.db.states import EntrySource
from supportbot.insights.columns import Columns, Names, read, together

_UNSETTLED = timedelta(hours=1)
"""After the end of a day: a transaction that began within it, and so notes nothing, has ended by then."""

_DAY = timedelta(days=1)
_MOST_DAYS = 62
"""That may be remembered; longer than any period with the one before it."""

_MOST_CHANNELS = 100_000
"""Names of channels that may be remembered, those of threads among them; then it begins anew, in a second."""

_Stamp = tuple[int, int]


class Ledger:
    """What is remembered of a database.

    Args:
        database: the record.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._days: dict[date, tuple[_Stamp, Columns]] = {}
        self._names = Names()

    async def since(self, begun: datetime, now: datetime) -> Columns:
        """Return all questions that were received since the beginning of a day.

        Args:
            begun: any moment of that day, in UTC.
            now: by the database's clock.
        """
        first, today = begun.date(), now.date()
        days = [first + number * _DAY for number in range((today - first).days + 1)]
        async with self._database.read() as session:
            late = dict((await session.execute(_NOTES)).all())
            talk = await session.scalar(_SMALL_TALK) or 0
        if len(self._names.channels.names) > _MOST_CHANNELS:
            self._days, self._names = {}, Names()
        names = self._names
        self._days = {day: one for day, one in self._days.items() if day >= today - _MOST_DAYS * _DAY}
        found = []
        for day in days:
            stamp = late.get(day, 0), talk
            known = self._days.get(day)
            if known is None or known[0] != stamp or known[1].names is not names:
                known = stamp, await self._read(day, None if day == today else day + _DAY, names)
                if _start_of(day + _DAY) + _UNSETTLED <= now:
                    self._days[day] = known
            found.append(known[1])
        if late and min(late) < today - _MOST_DAYS * _DAY:
            await self._forget_notes(today - _MOST_DAYS * _DAY)
        return together(found)

    async def _read(self, day: date, end: date | None, names: Names) -> Columns:
        async with self._database.read() as session:
            await expect_lookups(session)
            until = datetime.max.replace(tzinfo=UTC) if end is None else _start_of(end)
            return await read(session, _start_of(day), until, names)

    async def _forget_notes(self, before: date) -> None:
        async with self._database.write() as session:
            await session.execute(delete(LateChange).where(LateChange.day < before))


_NOTES = select(LateChange.day, func.count()).group_by(LateChange.day)
_SMALL_TALK = select(func.count()).where(Entry.source == EntrySource.SMALL_TALK)
"""What is small talk is a matter of the entry, which goes when the operator has it erased."""


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

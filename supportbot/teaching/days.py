"""Until when an answer is given, as people say it: a last day, in this machine's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta


def end_of(day: date) -> datetime:
    """Return the end of a day.

    Raises:
        OverflowError: it is beyond what a calendar holds.
    """
    try:
        return datetime.combine(day + timedelta(days=1), time()).astimezone()
    except (ValueError, OSError) as error:
        raise OverflowError(str(error)) from error


def last_day(valid_until: datetime) -> date:
    """Return the last day of which something is given: the one before, if that ends at its midnight."""
    return (valid_until.astimezone() - timedelta(microseconds=1)).date()

"""Who approved an answer, and when: the line that every platform shows under a verified answer. The sentence is
the same everywhere; each platform escapes names and formats dates in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from supportbot.intake.questions import Grounds
from supportbot.words import ENGLISH, Words

_NAME_LIMIT = 60
"""Characters of a name that are shown: more than nearly every name has, and the mark stays one line."""


def build_approval(
    grounds: Grounds,
    show_name: Callable[[str], str],
    show_date: Callable[[datetime], str],
    words: Words = ENGLISH,
) -> str:
    """Return who approved an answer and when, such as "Ana Lopez, 27 Nov 2026"; empty if no person did.

    A person who approved both parts of an answer is named once. What ships with the program has no approver.

    Args:
        grounds: what the answer is based on.
        show_name: makes a name of one line harmless on the surface.
        show_date: writes the day of a moment.
        words: the bot's own.
    """
    days_of: dict[str, dict[date, datetime]] = {}
    for verified in grounds.verified:
        if name := _one_line(verified.approved_by):
            moment = verified.approved_at.astimezone(UTC)
            days_of.setdefault(name, {}).setdefault(moment.date(), moment)
    approvals = [
        words.say(
            "{name}, {days}", name=show_name(name), days=words.say(" and ").join(map(show_date, days.values()))
        )
        for name, days in days_of.items()
    ]
    return words.say(", and ").join(approvals)


def build_date(moment: datetime, words: Words = ENGLISH) -> str:
    """Return the day of a moment, by UTC, such as "27 Nov 2026"."""
    return words.day(moment.astimezone(UTC))


def _one_line(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _NAME_LIMIT else f"{line[: _NAME_LIMIT - 1]}…"

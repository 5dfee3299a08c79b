"""What the charts show: questions by day and by channel, and what people think of each version of the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from supportbot.insights.columns import KINDS, Columns
from supportbot.insights.counting import Counted
from supportbot.statistics.interval import wilson
from supportbot.statistics.kinds import Kind

MOST_CHANNELS = 10
"""Channels that have a bar of their own."""

MOST_VERSIONS = 10
"""Versions that are compared, those that wrote most first."""

_REFUSED = KINDS.index(Kind.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of UTC and its questions, by what became of them."""

    day: date
    kinds: Mapping[Kind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCount:
    """Where how much was asked.

    Attributes:
        platform: where; empty for all other channels together.
        channel: the platform's name of it; empty for all that is asked there of the bot alone.
        questions: how many.
    """

    platform: str
    channel: str
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionVotes:
    """What people think of a version of the model.

    Attributes:
        version: its name.
        answers: that it wrote and that stand for their questions.
        up: thumbs on what it wrote.
        down: as above.
        up_rate: see ``wilson``.
    """

    version: str
    answers: int
    up: int
    down: int
    up_rate: tuple[float, float, float] | None


def days_of(counted: Counted, days: range, today: date) -> tuple[Day, ...]:
    """Return the days of a period, the first one first; it begins and ends within one, so it is one more.

    Args:
        counted: what happened.
        days: counted back from now.
        today: of UTC.
    """
    found: dict[date, Counter[Kind]] = {}
    for cell in counted.cells:
        if cell.days_ago in days and cell.kind is not Kind.REFUSED:
            found.setdefault(cell.day, Counter())[cell.kind] += cell.questions
    dates = [today - timedelta(days=ago) for ago in range(days.stop, -1, -1)]
    return tuple(Day(day=one, kinds=found.get(one, {})) for one in dates)


def versions_of(counted: Counted, days: range) -> tuple[VersionVotes, ...]:
    """Return the versions that answered in some days, those that wrote most first."""
    answers: Counter[str] = Counter()
    up: Counter[str] = Counter()
    down: Counter[str] = Counter()
    for cell in counted.cells:
        if cell.days_ago in days and cell.kind is Kind.GENERATED and cell.version:
            answers[cell.version] += cell.questions
    for votes in counted.votes:
        if votes.days_ago in days:
            up[votes.version] += votes.up
            down[votes.version] += votes.down
    return tuple(
        VersionVotes(
            version=version,
            answers=number,
            up=up[version],
            down=down[version],
            up_rate=wilson(up[version], down[version]),
        )
        for version, number in sorted(answers.items(), key=lambda one: (-one[1], one[0]))[:MOST_VERSIONS]
    )


def channels_of(asked: Columns) -> tuple[ChannelCount, ...]:
    """Return where most was asked, the most first, and the rest as one; each question counts once."""
    channels = asked.names.channels.names
    counts = np.bincount(asked.channel[asked.is_first & (asked.kind != _REFUSED)], minlength=len(channels))
    named = [(number, channel) for number, channel in zip(counts.tolist(), channels, strict=True) if number]
    named.sort(key=lambda one: (-one[0], *one[1]))
    found = [
        ChannelCount(platform=platform, channel=channel, questions=number)
        for number, (platform, channel) in named[:MOST_CHANNELS]
    ]
    if rest := sum(number for number, _ in named[MOST_CHANNELS:]):
        found.append(ChannelCount(platform="", channel="", questions=rest))
    return tuple(found)

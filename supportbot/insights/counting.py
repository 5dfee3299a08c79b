"""What was asked in a period and in the one before, counted once for all figures and charts.

The questions are added up by day, kind and version; that is some hundred cells, of which everything else is a sum.

Days are counted twice: back from now, for what is compared with the time before, and by the calendar of UTC, as
all times in the record are, for what is shown by day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.insights.columns import KINDS, Columns, microseconds
from supportbot.statistics.kinds import Kind

_DAY = 86_400_000_000
"""In microseconds."""

_MIDDLE = 50
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Questions that are alike in what they are counted by.

    Attributes:
        days_ago: whole times 24 hours that have passed since.
        day: in UTC.
        kind: what became of them.
        version: of the model that answered; empty where none did.
        questions: how many.
    """

    days_ago: int
    day: date
    kind: Kind
    version: str
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """Votes that are alike likewise, on all samples."""

    days_ago: int
    version: str
    up: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """Questions of which a human was asked, likewise."""

    days_ago: int
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything of a time, in parts that add up."""

    cells: tuple[Cell, ...]
    votes: tuple[Votes, ...]
    handoffs: tuple[HandedOff, ...]


def stands(asked: Columns, shown_later: Collection[int], replaced: Collection[int]) -> NDArray[np.bool_]:
    """Return which rows stand for their questions: one of all samples of each.

    Args:
        asked: the rows.
        shown_later: see ``intake.samples``.
        replaced: as above.
    """
    is_candidate = asked.is_first | np.isin(asked.id, list(shown_later))
    return is_candidate & ~np.isin(asked.id, list(replaced))


def count(asked: Columns, standing: NDArray[np.bool_], now: datetime) -> Counted:
    """Count what happened.

    Args:
        asked: everything that is counted.
        standing: what of it stands for its question, see ``stands``; votes count on the rest as well.
        now: from which days are counted back.
    """
    versions = asked.names.versions.names
    ago, day = np.maximum((microseconds(now) - asked.received) // _DAY, 0), asked.received // _DAY
    groups, place = _groups(*(key[standing] for key in (ago, day, asked.kind, asked.version)))
    voted = (asked.up > 0) | (asked.down > 0)
    opinions, of_opinion = _groups(ago[voted], asked.version[voted])
    up, down = (np.bincount(of_opinion, votes[voted]).astype(int).tolist() for votes in (asked.up, asked.down))
    handed_off = np.bincount(ago[standing & asked.handed_off]).tolist()
    return Counted(
        cells=tuple(
            Cell(
                days_ago=days_ago,
                day=_EPOCH + timedelta(days=day),
                kind=KINDS[kind],
                version=versions[version],
                questions=questions,
            )
            for (days_ago, day, kind, version), questions in zip(groups, np.bincount(place).tolist(), strict=True)
        ),
        votes=tuple(
            Votes(days_ago=days_ago, version=versions[version], up=ups, down=downs)
            for (days_ago, version), ups, downs in zip(opinions, up, down, strict=True)
        ),
        handoffs=tuple(
            HandedOff(days_ago=days_ago, questions=questions)
            for days_ago, questions in enumerate(handed_off)
            if questions
        ),
    )


def _groups(*keys: NDArray[Any]) -> tuple[list[tuple[int, ...]], NDArray[np.intp]]:
    """Return which combinations of keys there are, and which of them each row has."""
    sizes = [int(key.max(initial=0)) + 1 for key in keys]
    found, place = np.unique(np.ravel_multi_index(keys, sizes), return_inverse=True)
    return list(zip(*(key.tolist() for key in np.unravel_index(found, sizes)), strict=True)), place


def percentiles(asked: Columns, percents: Sequence[int]) -> list[float | None]:
    """Return the nearest ranks of the seconds to the first answer, as ``statistics.percentiles`` does."""
    waited = np.sort(asked.waited[asked.is_first & (asked.waited >= 0)])
    total = len(waited)
    if not total:
        return [None] * len(percents)
    # The rank is rounded up, in whole numbers, from the nearer end.
    ranks = [
        total - 1 - total * (100 - percent) // 100 if percent > _MIDDLE else (total * percent - 1) // 100
        for percent in percents
    ]
    return [round(int(waited[rank]) / 1_000_000, 3) for rank in ranks]

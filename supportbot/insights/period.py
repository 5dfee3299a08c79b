"""The chosen period: the last days, in which place, and the same number of days before them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Days(IntEnum):
    """How many days are looked at, up to now."""

    ONE = 1
    WEEK = 7
    MONTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is looked at.

    Attributes:
        days: how many, up to now.
        workspace_id: where; None for everywhere.
    """

    days: Days = Days.WEEK
    workspace_id: int | None = None

"""How many accounts sent the same correction, and how fast, in words for a curator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supportbot.feedback.curation.alike import Alike

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def build_accounts(alike: Alike) -> str:
    """Return such as "50 accounts within 3 minutes"."""
    accounts = _number(alike.accounts, "account")
    if alike.within_seconds is None:
        return accounts
    seconds = max(alike.within_seconds, 1)
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size)
    return f"{accounts} within {_number(math.ceil(seconds / size), unit)}"


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""How long the adapter waits for Slack, in one place, because the promise to be back within 30 seconds is a sum.

An outage is noticed within ``ping_seconds`` × 1.5; an attempt that began just before the network returned lasts
``connect_seconds`` more, the pause after it ``longest_pause`` at most, and the next attempt succeeds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds; the defaults add up to less than 30.

    Attributes:
        ping_seconds: between two signs of life on a connection.
        connect_seconds: for one attempt to connect.
        call_seconds: for one call of the Web API, which takes less than one. An attempt to deliver has 30, so the
            sender hears of it.
        longest_pause: between two attempts.
        look_seconds: between two looks at a connection.
        hear_seconds: for keeping one message, twice as long as the database waits for anybody; what takes longer
            hangs, is delivered again by Slack, and is read back.
    """

    ping_seconds: float = 5.0
    connect_seconds: float = 10.0
    call_seconds: float = 10.0
    longest_pause: float = 5.0
    look_seconds: float = 0.5
    hear_seconds: float = 20.0

    def pause(self, attempt: int) -> float:
        """Return how long to wait after the given number of failures: doubling, with jitter."""
        longest = min(self.longest_pause, 0.5 * 2.0 ** min(attempt, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads attempts, hides nothing

"""How long the adapter waits for Discord, in one place, because the promise to be back within 30 seconds is a sum.

A line that died is noticed within ``quiet_seconds`` + ``answer_seconds`` and a look or two, 13 seconds. An attempt
that began just before the network returned lasts ``connect_seconds`` more, closing the old client
``close_seconds``, the pause after it ``longest_pause`` at most, and the next attempt succeeds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds; the defaults add up to less than 30.

    Attributes:
        quiet_seconds: without a word of Discord's, until it is asked for one. Its own rhythm of 41 seconds is too
            slow for the promise, and it takes a heartbeat at any time.
        answer_seconds: for its answer.
        connect_seconds: for one attempt to connect, or to resume.
        call_seconds: for one call of the REST API, which takes less than one.
        close_seconds: for a goodbye, before the line is simply dropped.
        longest_pause: between two attempts, to connect or to read a channel back.
        look_seconds: between two looks at a connection.
        hear_seconds: for keeping one message, twice as long as the database waits for anybody; what takes longer
            hangs, and is read back from its channel.
    """

    quiet_seconds: float = 8.0
    answer_seconds: float = 4.0
    connect_seconds: float = 10.0
    call_seconds: float = 10.0
    close_seconds: float = 3.0
    longest_pause: float = 8.0
    look_seconds: float = 0.5
    hear_seconds: float = 20.0

    def pause(self, failures: int) -> float:
        """Return how long to wait after so many failed connections in a row; jitter keeps many bots apart."""
        longest = min(self.longest_pause, 2.0 ** min(failures - 1, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads attempts, hides nothing

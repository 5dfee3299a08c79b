"""When nothing was heard over any of several connections, though each of them came back at another time."""

from __future__ import annotations

import math


class Deafness:
    """Finds the times when every connection was deaf at once.

    A connection is deaf from its last sign of life, which is known only when it is over, until another one stands
    in its place. So one may be back before the end of the other is noticed, and at no time do none seem to stand.

    Args:
        connections: how many there are; all are deaf at first, since for ever.
    """

    def __init__(self, connections: int) -> None:
        self._spans = [(0.0, math.inf)] * connections
        self._told_until = 0.0

    def over(self, connection: int, last_alive: float) -> float | None:
        """Note that a connection is over.

        Args:
            connection: its number, from 0.
            last_alive: when it last heard for certain, in seconds of the epoch.

        Returns:
            Since when nobody heard, if that is over and was not told yet.
        """
        self._spans[connection] = (last_alive, math.inf)
        return self._untold()

    def back(self, connection: int, now: float) -> float | None:
        """Note that a connection stands again; for what is returned see ``over``."""
        self._spans[connection] = (self._spans[connection][0], now)
        return self._untold()

    def _untold(self) -> float | None:
        since = max(since for since, _ in self._spans)
        until = min(until for _, until in self._spans)
        if until == math.inf or until <= max(since, self._told_until):
            return None
        self._told_until = until
        return since

"""The times at which none of several connections received anything, although each came back at another time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

_REMEMBERED = 16
"""Times that a connection was deaf. Only those of the last minute can matter, since by then an end is noticed."""


class Deafness:
    """Finds the times when every connection was deaf at once.

    A connection is deaf from its last sign of life, which is known only when it is over, until another one has
    replaced it. So one may be back, and even over again, before the end of the other is noticed, and at no time do
    none seem to stand.

    Args:
        connections: how many there are; all are deaf at first, since for ever.
    """

    def __init__(self, connections: int) -> None:
        self._spans = [deque([(0.0, math.inf)], _REMEMBERED) for _ in range(connections)]
        self._told_until = 0.0

    def over(self, connection: int, last_alive: float) -> float | None:
        """Note that a connection is over.

        Args:
            connection: its number, from 0.
            last_alive: when it last heard for certain, in seconds of the epoch.

        Returns:
            Since when nobody heard, if that is over and was not told yet.
        """
        if self._spans[connection][-1][1] == math.inf:  # it never stood
            self._spans[connection].pop()
        self._spans[connection].append((last_alive, math.inf))
        return self._untold()

    def back(self, connection: int, now: float) -> float | None:
        """Note that a connection stands again; for what is returned see ``over``."""
        since, _ = self._spans[connection].pop()
        self._spans[connection].append((since, now))
        return self._untold()

    def _untold(self) -> float | None:
        untold = [(since, until) for since, until in self._common() if self._told_until < until < math.inf]
        if not untold:
            return None
        self._told_until = max(until for _, until in untold)
        return min(since for since, _ in untold)

    def _common(self) -> Sequence[tuple[float, float]]:
        """Return the times in which all were deaf, as far as that is known."""
        first, *others = self._spans
        common = list(first)
        for spans in others:
            both = [(max(one[0], two[0]), min(one[1], two[1])) for one in common for two in spans]
            common = [(since, until) for since, until in both if since < until]
        return common

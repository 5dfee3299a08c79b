"""How much a share of votes proves.

Few votes prove little: 2 of 2 thumbs up are no better than 95 of 100. An interval says so.
"""

from __future__ import annotations


def wilson(up: int, down: int) -> tuple[float, float, float] | None:
    """Return the share of thumbs up and its 95 % interval, or None without a vote.

    The interval is Wilson's (1927, J. Am. Stat. Assoc. 22): its centre is (p + z²/2n) / (1 + z²/n), its half-width
    z·√(p(1-p)/n + z²/4n²) / (1 + z²/n), with the share p, n votes and z = 1.96. It stays within 0 and 1, and says
    something about few votes as well.
    """
    if not up + down:
        return None
    from scipy.stats import binomtest  # takes half a second to import

    interval = binomtest(up, up + down).proportion_ci(confidence_level=0.95, method="wilson")
    return up / (up + down), float(interval.low), float(interval.high)

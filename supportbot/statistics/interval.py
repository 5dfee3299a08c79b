"""How much a share of votes proves.

Few votes prove little: 2 of 2 thumbs up are no better than 95 of 100. An interval says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)


def wilson(up: int, down: int) -> tuple[float, float, float] | None:
    """Return the share of thumbs up and its 95 % interval, or None without a vote.

    The interval is Wilson's (1927, J. Am. Stat. Assoc. 22): its centre is (p + z²/2n) / (1 + z²/n), its half-width
    z·√(p(1-p)/n + z²/4n²) / (1 + z²/n), with the share p, n votes and z = 1.96. It stays within 0 and 1, and says
    something about few votes as well.
    """
    if not up + down:
        return None
    n, z2 = up + down, _Z * _Z
    share = up / n
    centre, half = share + z2 / (2 * n), _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the two are equal, except for rounding.
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return share, low if up else 0.0, high if down else 1.0


def difference(now: tuple[int, int], before: tuple[int, int]) -> tuple[float, float, float] | None:
    """Return how much a share has risen with its 95 % interval, or None where one of the two has no vote.

    The interval is Newcombe's hybrid of two intervals of Wilson (1998, Stat. Med. 17, method 10): each end is as
    far from the difference as the root of the sum of two squares, the distances of the shares to the ends of their
    own intervals. So it holds for few votes, as Wilson's does.

    Args:
        now: how many for and against.
        before: as above.
    """
    mine, theirs = wilson(*now), wilson(*before)
    if mine is None or theirs is None:
        return None
    (share, low, high), (other, least, most) = mine, theirs
    risen = share - other
    return risen, risen - math.hypot(share - low, most - other), risen + math.hypot(high - share, other - least)


def ratio(now: Sequence[int], before: Sequence[int]) -> tuple[float, float, float] | None:
    """Return how many times as many came in as many days before, with its 95 % interval; None where none came.

    Days differ by more than chance: people ask in bursts, and less at weekends. So the variance is that of Poisson
    times a dispersion, which is Pearson's chi-squared of the days by their degrees of freedom, and 1 at least
    (quasi-Poisson: McCullagh and Nelder 1989, Generalized Linear Models, 6.2.3). The logarithm of the ratio is
    taken to be distributed as Student's t.

    Args:
        now: of each day; two days at least.
        before: as above.
    """
    many, few = sum(now), sum(before)
    if not many or not few:
        return None
    from scipy.stats import t  # takes half a second to import

    freedom = len(now) + len(before) - 2
    squares = sum(
        (day - sum(days) / len(days)) ** 2 * len(days) / sum(days) for days in (now, before) for day in days
    )
    dispersion = max(1.0, squares / freedom)
    half = float(t.ppf(0.975, freedom)) * math.sqrt(dispersion * (1 / many + 1 / few))
    times = many / len(now) * len(before) / few
    return times, times * math.exp(-half), times * math.exp(half)

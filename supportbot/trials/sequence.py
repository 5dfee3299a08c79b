"""A test of two shares that may be looked at after each vote: an always-valid confidence sequence.

A p-value or a plain interval holds for one look that was planned. Whoever looks each hour and stops at the first
"significant" one errs far more often than they think. What is here holds at all looks together.

For one arm with n judgements, s of them good, and a share p, the mixture likelihood ratio

    M(p) = B(a + s, b + n - s) / B(a, b)  /  (p^s (1 - p)^(n - s))

is a martingale that begins at 1, where B is the beta function and Beta(a, b) the mixing distribution (Robbins
1970, Ann. Math. Stat. 41; the mixture SPRT of Johari, Koomen, Pekelis and Walsh 2022, Oper. Res. 70; the
beta-binomial mixture of Howard, Ramdas, McAuliffe and Sekhon 2021, Ann. Stat. 49). For two arms whose votes come
in whatever order, M0(p0) M1(p1) is one as well. By Ville's inequality it reaches 1/alpha at any time with a
probability of alpha at most. So the differences d for which

    E(d) = min over p of M0(p) M1(p + d) < 1/alpha

hold the true one at all times at once, with a probability of 1 - alpha at least. The minimum over p is that of
universal inference (Wasserman, Ramdas and Balakrishnan 2020, PNAS 117). Nothing is approximated: it holds for
three votes as for three thousand, and for arms of unequal size.

This module knows no votes and no models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_PRIOR = 0.5
"""Both parameters of the mixing distribution, Jeffreys' prior: it costs least where shares are near 0 or 1
(Krichevsky and Trofimov 1981, IEEE Trans. Inf. Theory 27)."""

_STEPS = 50
"""Halvings: an end of the interval is exact to 2 / 2^50."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many were judged good, and how many bad."""

    good: int
    bad: int

    @property
    def number(self) -> int:
        """How many were judged."""
        return self.good + self.bad


NOTHING = Judged(0, 0)


def log_evidence(live: Judged, candidate: Judged, difference: float = 0.0) -> float:
    """Return the logarithm of the evidence against a difference of the two shares.

    Args:
        live: of one arm.
        candidate: of the other.
        difference: the share of the candidate minus that of the live one; within -1 and 1.

    Returns:
        The logarithm of E; see the module. It rises above log(1/alpha) at any time with a probability of alpha at
        most, if the difference is the true one; infinite for one that can't be.
    """
    return _log_mixture(live) + _log_mixture(candidate) - _log_likelihood(live, candidate, difference)


def favoured(live: Judged, candidate: Judged, alpha: float) -> int:
    """Return 1 where the candidate's share is the greater one beyond chance, -1 where the live one's is, else 0.

    It is 0 as long as ``interval`` holds 0, and says the same in a hundredth of the time.

    Args:
        live: of one arm.
        candidate: of the other.
        alpha: with which probability it may be anything but 0, at any time, where there is no difference.
    """
    if log_evidence(live, candidate) < math.log(1 / alpha):
        return 0
    return 1 if _share(candidate) > _share(live) else -1


def interval(live: Judged, candidate: Judged, alpha: float) -> tuple[float, float]:
    """Return the differences that are not ruled out: their least and greatest, within -1 and 1.

    Args:
        live: of one arm.
        candidate: of the other.
        alpha: with which probability the true one may be ruled out at any time.
    """
    most = math.log(1 / alpha)
    # The likelihood is concave in both shares, so its maximum over one of them falls to both sides of this.
    middle = _share(candidate) - _share(live)

    def end(outside: float) -> float:
        if log_evidence(live, candidate, outside) < most:
            return outside
        inside = middle
        for _ in range(_STEPS):
            half = (inside + outside) / 2
            if log_evidence(live, candidate, half) < most:
                inside = half
            else:
                outside = half
        return outside

    return end(-1.0), end(1.0)


def _share(judged: Judged) -> float:
    """Return the likeliest share; one half where nothing is known, as anything is as likely."""
    return judged.good / judged.number if judged.number else 0.5


def _log_mixture(judged: Judged) -> float:
    return _log_beta(_PRIOR + judged.good, _PRIOR + judged.bad) - _log_beta(_PRIOR, _PRIOR)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(live: Judged, candidate: Judged, difference: float) -> float:
    """Return the greatest likelihood of two shares with a difference, as a logarithm."""
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)

    def slope(share: float) -> float:
        return _slope(live, share) + _slope(candidate, share + difference)

    for _ in range(_STEPS):
        half = (low + high) / 2
        if slope(half) > 0:
            low = half
        else:
            high = half
    share = (low + high) / 2
    return _log(live, share) + _log(candidate, share + difference)


def _slope(judged: Judged, share: float) -> float:
    """Return the derivative of the logarithm of the likelihood."""
    rising = judged.good / share if share > 0 else math.inf if judged.good else 0.0
    falling = judged.bad / (1 - share) if share < 1 else math.inf if judged.bad else 0.0
    return rising - falling


def _log(judged: Judged, share: float) -> float:
    good = judged.good * math.log(share) if judged.good and share > 0 else -math.inf if judged.good else 0.0
    bad = judged.bad * math.log1p(-share) if judged.bad and share < 1 else -math.inf if judged.bad else 0.0
    return good + bad

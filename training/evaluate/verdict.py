"""Whether a candidate is better than the version it would replace: one rule that people can discuss.

Better is one of two things: more right answers, beyond what chance explains; or not fewer right answers and,
beyond what chance explains, less surprise at the right ones. No gain makes up for a model that is wrong more often
than right, that forgot what the other was trained on, or that became clearly worse at recognising what it cannot
know. A gain needs at least twenty rows.

How well it recognises that is the AUROC of its confidence, in scope against out of scope. The share of questions
below the confidence floor is only reported: the floor is a 3 % quantile, and one hard row among the few held-out
ones moves it so far that refusals change by tens of points.

The surprise is per byte, not per token, so that models with different tokenizers can be compared; with the same
tokenizer both agree. Replayed corrections do not count, because most of them were trained on.

This module knows differences and numbers of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.models.publishing import LEAST_RIGHT, verdicts
from supportbot.words import Sentence
from training.evaluate.intervals import Difference

LEAST_ROWS = 20
"""With these, four more must be right before the interval excludes chance; with fewer, a bootstrap is too sure."""

AUROC_MAY_FALL = 0.05
"""Accepted drop of the AUROC, in scope against out of scope, for better answers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the candidate may be promoted without ``--force``, and why, in one sentence.

    Attributes:
        better: whether it may.
        sentence: for people, see ``supportbot.models.publishing.verdicts``; up to its colon it names the verdict.
        forgot: whether it forgot what the other was trained on.
    """

    better: bool
    sentence: str
    forgot: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """The rows that the other model was trained on, asked of both.

    Attributes:
        right: how many the candidate answers right.
        right_before: how many the other does.
        rows: their number.
        difference: of the two shares, with an exact interval.
    """

    right: int
    right_before: int
    rows: int
    difference: Difference

    @property
    def is_lost(self) -> bool:
        """Whether the candidate knows less of it, beyond chance."""
        return self.difference.high < 0


def judge(
    *,
    rows: int,
    right_rows: int,
    right: Difference,
    surprise: Difference,
    telling: Difference | None = None,
    learned: Learned | None = None,
) -> Verdict:
    """Return the verdict; see the module.

    Args:
        rows: held-out rows that both models answered.
        right_rows: how many of them the candidate answers right.
        right: difference of the right-answer rates.
        surprise: difference of the loss, by the byte.
        telling: difference of the AUROCs, in scope against out of scope; None without out-of-scope questions.
        learned: rows that the other model was trained on; None if unknown.
    """
    if learned is not None and learned.is_lost:
        lost = {"rows": learned.rows, "right": learned.right, "before": learned.right_before}
        return Verdict(False, Sentence(verdicts.FORGOT, **lost, **_points(learned.difference)), forgot=True)
    if rows < LEAST_ROWS:
        return Verdict(False, Sentence(verdicts.TOO_FEW_ROWS, rows=rows, least=LEAST_ROWS))
    if right.value < 0:
        template = verdicts.FEWER_RIGHT if right.high < 0 else verdicts.NO_MORE_RIGHT
        return Verdict(False, Sentence(template, **_points(right)))
    if right_rows < LEAST_RIGHT * rows:
        return Verdict(False, Sentence(verdicts.MOSTLY_WRONG, right=right_rows, rows=rows))
    if telling is not None and telling.high < 0 and telling.value < -AUROC_MAY_FALL:
        return Verdict(False, Sentence(verdicts.TELLS_LESS, **_signed(telling, 3)))
    if right.low > 0:
        return Verdict(True, Sentence(verdicts.MORE_RIGHT, **_points(right)))
    if surprise.high < 0:
        return Verdict(True, Sentence(verdicts.LESS_SURPRISED, **_signed(surprise, 4)))
    return Verdict(False, Sentence(verdicts.NO_GAIN, rows=rows, **_points(right)))


def _points(difference: Difference) -> dict[str, str]:
    return _signed(
        Difference(*(100 * number for number in (difference.value, difference.low, difference.high))), 1
    )


def _signed(difference: Difference, digits: int) -> dict[str, str]:
    """Return a difference and the ends of its interval, each with its sign."""
    ends = {"value": difference.value, "low": difference.low, "high": difference.high}
    return {name: f"{number:+.{digits}f}" for name, number in ends.items()}

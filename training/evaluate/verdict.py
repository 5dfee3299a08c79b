"""Whether a candidate is better than what it would replace: one rule, for people to argue with.

Better is one of two things: more right answers, beyond what chance explains; or not fewer right answers and,
beyond what chance explains, less surprise at the right ones. A gain never pays for a model that has become
markedly worse at telling what it cannot know, and twenty rows are the least from which anything is concluded.

How well it tells is the AUROC of its confidence, in scope against out of scope. The share of questions below the
confidence floor is reported too, but nothing is concluded from it: the floor is a 3 % quantile, which a single
hard row among the few that are held out moves so far that refusals change by tens of points.

The surprise is taken by the byte, not by the token, so that models with different tokenizers can be compared; for
the same tokenizer the two say the same. Replayed corrections do not count: most of them were trained on.

This module knows three differences and a number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.evaluate.intervals import Difference

LEAST_ROWS = 20
"""Of these, four more must be right before the interval leaves out chance; on fewer, a bootstrap is too sure."""

AUROC_MAY_FALL = 0.05
"""A drop of the AUROC, in scope against out of scope, that is put up with for better answers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the candidate may go live by itself, and why, in one sentence."""

    better: bool
    sentence: str


def judge(rows: int, right: Difference, surprise: Difference, telling: Difference | None = None) -> Verdict:
    """Return the verdict; see the module.

    Args:
        rows: held-out rows that both models answered.
        right: difference of the right-answer rates.
        surprise: difference of the loss, by the byte.
        telling: difference of the AUROCs, in scope against out of scope; None without out-of-scope questions.
    """
    if rows < LEAST_ROWS:
        return Verdict(
            False,
            f"Not enough evidence: {rows} held-out rows, and at least {LEAST_ROWS} are needed; approve more with "
            "`supportbot curate review`, or give some with --data.",
        )
    if right.value < 0:
        kind = "fewer held-out rows right" if right.high < 0 else "no more held-out rows right"
        return Verdict(False, f"Not better: it answers {kind} ({_points(right)}).")
    if telling is not None and telling.high < 0 and telling.value < -AUROC_MAY_FALL:
        return Verdict(
            False,
            "Not better: its confidence tells out-of-scope questions less well (AUROC "
            f"{telling.value:+.3f}, 95 % interval {telling.low:+.3f} to {telling.high:+.3f}); train with "
            "--doubt-share 0.25.",
        )
    if right.low > 0:
        return Verdict(True, f"Better: it answers more of the held-out rows right ({_points(right)}).")
    if surprise.high < 0:
        return Verdict(
            True,
            "Better: it answers no fewer held-out rows right, and the right answers surprise it less "
            f"({surprise.value:+.4f} bits a byte, 95 % interval {surprise.low:+.4f} to {surprise.high:+.4f}).",
        )
    return Verdict(
        False,
        f"Not better: {rows} held-out rows show no gain beyond chance in right answers ({_points(right)}) or in "
        "loss; train on more approved rows, or evaluate on more.",
    )


def _points(difference: Difference) -> str:
    value, low, high = (100 * number for number in (difference.value, difference.low, difference.high))
    return f"{value:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"

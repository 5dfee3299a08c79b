"""Questions whose answer was left out: foreign ones, near the subject as only the operator's own can be.

Foreign questions of other people's are easy: nothing that is approved is near them. The hard ones are about the
same shop, and nobody has collected those. A wording whose whole answer is taken out of the knowledge is one. But
the model still knows that answer, and would give it. So it is asked what else it would say, as if it had never
learned it: the probability of an answer goes to the others in proportion to theirs (Luce's choice axiom,
https://doi.org/10.1016/0022-2496(77)90032-3). Only one other answer matters, the nearest one that is left, since a
model is heard only if it says that.

This module knows an index and a model's likelihoods; it generates nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from supportbot.answering.beside import NEAR
from supportbot.knowledge.index import Index
from training.evaluate.rows import Row
from training.evaluate.scoring import Score

MOST = 200
"""Questions that are looked at, drawn at random; scoring one takes two forward passes."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that is refused while its answer is left out.

    Attributes:
        question: a wording of that answer.
        answer: its own, which is left out.
        nearest: the answer that is nearest then, if it is near enough for a model to be heard.
    """

    question: str
    answer: str
    nearest: str | None


def left_out_questions(index: Index, seed: int, most: int = MOST) -> list[LeftOut]:
    """Return wordings that are refused without their answer; none where no rule is fitted.

    Args:
        index: with a fitted rule.
        seed: decides which, if there are more.
        most: how many.
    """
    if (scores := index.without_class) is None:
        return []
    threshold = index.calibration.threshold
    refused = np.flatnonzero(scores.confidence < threshold).tolist()
    if len(refused) > most:
        chance = random.Random(seed)  # noqa: S311 - a fair choice of rows, not secrecy
        refused = sorted(chance.sample(refused, most))
    return [
        LeftOut(
            index.wordings[row].text,
            index.entries[index.owners[row]].answer,
            index.entries[scores.chosen[row]].answer if scores.confidence[row] >= NEAR * threshold else None,
        )
        for row in refused
    ]


def confidences(
    questions: Sequence[LeftOut], score: Callable[[Sequence[Row]], Sequence[Score]]
) -> list[float | None]:
    """Return how sure a model would be of the nearest answer had it not learned the one that is left out.

    Args:
        questions: see ``left_out_questions``.
        score: says how surprised the model is by the answers of rows, see ``scoring.score_rows``.

    Returns:
        For each question the confidence in nats, as that of a generated answer; None where nothing is near.
    """
    near = [one for one in questions if one.nearest is not None]
    scores = score([Row(one.question, str(answer)) for one in near for answer in (one.answer, one.nearest)])
    found = iter([_without(own, other) for own, other in zip(scores[::2], scores[1::2], strict=True)])
    return [None if one.nearest is None else next(found) for one in questions]


def _without(own: Score, other: Score) -> float:
    """Return the mean log-probability of an answer's first tokens if another one were impossible."""
    gone = math.exp(-own.nats)
    begins = math.exp(-other.beginning) - (gone if own.first == other.first else 0.0)
    least = math.exp(-other.nats)  # rounding apart, a beginning is as likely as the whole answer at least
    remaining = max(1.0 - gone, least)
    return math.log(max(begins, least) / remaining) / len(other.first) if least > 0 else -math.inf

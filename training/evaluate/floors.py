"""The floor of a model for questions that knowledge refused: chosen from what it says to such questions.

It is the lowest one, from the model's own floor on, at which no more than the wrong rate of all answers that were
drawn would be shown and wrong. Foreign questions are counted as if an approved answer were near: those of other
people hardly ever are near, and those that an operator's own users ask are. The model's own floor is the least, so
nothing is shown that it would hold back.

Of fewer than 1 / wrong rate answers (50 for 2 %) none may be wrong, and that none was proves little: where it was
none of ten, three in ten of all such answers may be (95 % interval). Answers to one question resemble each other,
so they prove less than as many questions would. ``Counted`` says how many there were.

This module knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain


class Kind(StrEnum):
    """What a refused question is."""

    IN_SCOPE = "in_scope"
    """A held-out wording of an approved answer."""

    MARKED = "marked"
    """A curator said that it is none of ours."""

    OUT_OF_SCOPE = "out_of_scope"
    """A question of somebody else, which no FAQ answers."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that was drawn for a refused question.

    Attributes:
        confidence: in nats; None where nothing was said that could be shown.
        heard: whether it would be shown, the floor aside, see ``answering.beside``.
        counts: whether it counts as shown when a floor is chosen, which may be more often.
        right: whether it is the right answer.
    """

    confidence: float | None
    heard: bool
    counts: bool
    right: bool = False

    def is_shown(self, floor: float | None) -> bool:
        """Return whether it is shown with a floor."""
        return self.heard and self.confidence is not None and (floor is None or self.confidence >= floor)


def choose_floor(said: Mapping[Kind, Sequence[Said]], own: float | None, wrong_rate: float) -> float | None:
    """Return the floor in nats; None where the model has none of its own, and none is needed.

    Args:
        said: the answers to the questions of each kind.
        own: the model's own floor.
        wrong_rate: the share of all answers that may count as shown and be wrong.
    """
    answers = list(chain.from_iterable(said.values()))
    counted = [one.confidence for one in answers if one.counts and not one.right]
    wrong = sorted((confidence for confidence in counted if confidence is not None), reverse=True)
    allowed = int(wrong_rate * len(answers))
    if len(wrong) <= allowed:
        return own
    above = math.nextafter(wrong[allowed], math.inf)
    return above if own is None else max(own, above)


@dataclass(frozen=True, slots=True)
class Counted:
    """What becomes of the answers to the refused questions of a kind.

    Attributes:
        answers: how many were drawn.
        right: how many of them are shown and right.
        wrong: how many are shown and wrong.
    """

    answers: int
    right: int
    wrong: int


def count(answers: Sequence[Said], floor: float | None) -> Counted:
    """Count what is shown with a floor."""
    shown = [one for one in answers if one.is_shown(floor)]
    right = sum(one.right for one in shown)
    return Counted(len(answers), right, len(shown) - right)

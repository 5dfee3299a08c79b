"""The floor of a model for questions that knowledge refused, chosen from its answers to such questions.

It is the lowest floor, not below the model's own, at which at most the wrong rate of all drawn answers would be
shown and wrong. Foreign questions count as if an approved answer were near: the shipped ones hardly ever have one,
but those of an operator's own users do. The model's own floor is the minimum, so nothing is shown that it would
hold back.

With fewer than 1 / wrong rate answers (50 for 2 %) none may be wrong, and few answers prove little: if none of ten
was wrong, up to three in ten of all such answers may be (95 % interval). Answers to one question resemble each
other, so they prove less than as many questions would. ``Counted`` has their number.

This module knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain


class Kind(StrEnum):
    """The kind of a refused question."""

    IN_SCOPE = "in_scope"
    """A held-out wording of an approved answer."""

    MARKED = "marked"
    """A curator marked it as foreign."""

    OUT_OF_SCOPE = "out_of_scope"
    """A question of somebody else, which no FAQ answers."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that was drawn for a refused question.

    Attributes:
        confidence: in nats; None without a text that could be shown.
        heard: whether it would be shown, apart from the floor, see ``answering.beside``.
        counts: whether it counts as shown for choosing a floor, which may be more often.
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
    """Return the floor in nats; None if the model has none of its own and needs none.

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
    """The outcomes of answers to one kind of refused questions.

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

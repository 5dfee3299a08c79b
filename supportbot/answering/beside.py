"""When a model may speak beside the knowledge: the rule, which serving, measuring and explaining share.

Knowledge did not know a question well enough to answer it. Then a model is heard only if

1. its confidence reaches a floor, which is calibrated for just such questions (``LiveModel.floor_beside``);
2. an approved answer is near, though not near enough to be given by itself;
3. it says what that answer says.

The floor is not looked at here, since it stops an answer while it is written. This module knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz

from supportbot.knowledge.decision import Candidate, Decision

NEAR = 0.5
"""Share of the threshold from which on an approved answer is near enough for a model to be heard. On the starter's
FAQ that kept 20 of 22 right answers that the model adds, and showed 2 % of the foreign questions that knowledge
refused instead of 8 %."""

AGREES = 80
"""Of a hundred: how much of the words of a generated answer must be those of the approved one that is near
(rapidfuzz's token set ratio)."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How what a model says compares with what is approved.

    Attributes:
        nearest: the approved answer that is nearest; None if nothing is known.
        is_near: whether it is near enough for a model to be heard.
        agreement: of a hundred, how far the model says the same.
    """

    nearest: Candidate | None
    is_near: bool
    agreement: int

    @property
    def agrees(self) -> bool:
        """Whether the model says what the nearest answer says, near or not."""
        return self.agreement >= AGREES

    @property
    def heard(self) -> bool:
        """Whether it is shown, the floor aside."""
        return self.is_near and self.agrees


def near_answer(decision: Decision) -> Candidate | None:
    """Return the approved answer that a model may repeat, if one is near enough."""
    best = decision.candidates[0] if decision.candidates else None
    return best if best is not None and best.confidence >= NEAR * decision.threshold else None


def hear(text: str, decision: Decision) -> Hearing:
    """Compare what a model says with what is approved.

    Args:
        text: what it says.
        decision: what the knowledge says to the question.
    """
    nearest = decision.candidates[0] if decision.candidates else None
    agreement = 0 if nearest is None else int(fuzz.token_set_ratio(text, nearest.entry.answer))
    return Hearing(nearest, near_answer(decision) is not None, agreement)

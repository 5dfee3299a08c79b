"""What the knowledge says to a question: the answers it may be asking for, and whether the best one is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supportbot.knowledge.entries import KnownEntry, Wording


@dataclass(frozen=True, slots=True)
class Candidate:
    """An approved answer that a question may be asking for.

    Attributes:
        entry: the answer.
        wording: its nearest wording.
        similarity: of the question and that wording.
        probability: that it is meant, by the rule; None where the nearest wording decides.
        confidence: what the threshold is compared with.
    """

    entry: KnownEntry
    wording: Wording
    similarity: float
    probability: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the index says to a question: the nearest answers, the best first, and whether the best one is sure."""

    candidates: tuple[Candidate, ...]
    sure: bool
    exact: bool
    threshold: float

    def figures(self) -> dict[str, Any]:
        """Return what decided, for the record of an answer."""
        best = self.candidates[0] if self.candidates else None
        return {
            "threshold": round(self.threshold, 4),
            "exact": self.exact,
            "confidence": round(best.confidence, 4) if best else None,
            "probability": round(best.probability, 4) if best and best.probability is not None else None,
        }

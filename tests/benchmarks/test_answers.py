"""What a model adds behind the approved answers, as the benchmark counts it."""

from __future__ import annotations

from benchmarks.answers import Told, count_generated
from benchmarks.faq import Row
from supportbot.db.states import AnswerSource

SHIPPING, RETURNS = "We ship to forty countries.", "Use the form within thirty days."


def told(best: str | None, source: AnswerSource) -> Told:
    """Return what came of a question."""
    return Told(best, source is not AnswerSource.NOT_SURE, source, 1.0)


def test_only_what_the_model_says_counts() -> None:
    """Verified answers are not its own; of the rest, shown answers are right or wrong, and a draft is neither."""
    asked = [Row("where to?", SHIPPING)] * 4
    said = [
        told(SHIPPING, AnswerSource.APPROVED),
        told(SHIPPING, AnswerSource.GENERATED),
        told(RETURNS, AnswerSource.GENERATED),
        told(SHIPPING, AnswerSource.NOT_SURE),
    ]
    fooled = [told(SHIPPING, source) for source in (*AnswerSource, AnswerSource.GENERATED)]
    assert count_generated(asked, said, fooled, [SHIPPING, RETURNS]) == {
        "asked": 3,
        "right": 1,
        "wrong": 1,
        "foreign_asked": len(AnswerSource),
        "foreign": 2,
    }

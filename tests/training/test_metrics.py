"""Right answers are told from wrong ones by their words."""

from __future__ import annotations

import pytest

from training.metrics import matched_topic, token_f1

REFERENCES = ["Refunds take five working days.", "Click Forgot Password on the sign-in page."]


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("refunds TAKE five, working days", REFERENCES[0], 1.0),
        ("Refunds take", REFERENCES[0], 4 / 7),
        ("refunds refunds", "refunds", 2 / 3),
        ("nothing alike", REFERENCES[0], 0.0),
        ("", REFERENCES[0], 0.0),
        ("", "...", 1.0),
    ],
)
def test_token_f1(answer: str, reference: str, f1: float) -> None:
    """Overlap counts words, neither case nor punctuation nor order."""
    assert token_f1(answer, reference) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answer", "topic"),
    [
        ("Refunds take five working days.", 0),
        ("Click Forgot Password on the page.", 1),
        ("Refunds take long.", None),
        ("", None),
    ],
)
def test_matched_topic(answer: str, topic: int | None) -> None:
    """An answer belongs to the reference that it says clearly, if there is one."""
    assert matched_topic(answer, REFERENCES) == topic


def test_tie_matches_nothing() -> None:
    """An answer that says two references equally well says neither."""
    assert matched_topic("yes we do", ["yes we do", "do we, yes"]) is None

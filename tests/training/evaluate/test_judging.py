"""Which answers are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.errors import ConfigError
from training.evaluate.judging import make_judge, make_judges
from training.evaluate.rows import Row, canonical_answers
from training.metrics import merge_references

REFUND = "Refunds take five working days after the parcel has reached us."
PASSWORD = "Click Forgot Password on the sign-in page and follow the mail."


def test_same_answer_twice_is_no_tie() -> None:
    """Rows whose answers are near-identical share a topic, so saying that answer is right for each of them."""
    again = REFUND.replace("reached us", "arrived")
    judge = make_judge([Row("a", REFUND), Row("b", again), Row("c", PASSWORD), Row("d", REFUND)])
    assert judge.topics == (0, 0, 1, 0)
    assert [judge.is_right(row, REFUND) for row in range(4)] == [True, True, False, True]
    assert [judge.is_right(row, again) for row in range(4)] == [True, True, False, True]
    assert not any(judge.is_right(row, "I don't know.") for row in range(4))
    assert merge_references([]) == []


def test_answers_with_different_numbers_are_not_the_same() -> None:
    """What differs in a number says something else, so it is wrong to say one for the other."""
    exchange = REFUND.replace("Refunds take five", "Exchanges take 15")
    refund = REFUND.replace("five", "5")
    judge = make_judge([Row("a", refund), Row("b", exchange), Row("c", PASSWORD), Row("d", refund)])
    assert judge.topics == (0, 1, 2, 0)
    assert [judge.is_right(row, refund) for row in range(4)] == [True, False, False, True]
    assert [judge.is_right(row, exchange) for row in range(4)] == [False, True, False, False]


def test_answers_of_learned_rows_compete_with_those_of_held_out_ones() -> None:
    """An answer that is that of another row is wrong, also where the other row is not among the held-out ones."""
    exchange = REFUND.replace("Refunds take five", "Exchanges cost 2 euros and take 15")
    held_out, learned = [Row("a", REFUND), Row("b", PASSWORD)], [Row("c", exchange), Row("d", REFUND)]
    assert make_judge(held_out).is_right(0, exchange)
    judges = make_judges(held_out, learned)
    assert [judges.held_out.is_right(row, exchange) for row in range(2)] == [False, False]
    assert [judges.held_out.is_right(row, REFUND) for row in range(2)] == [True, False]
    assert [judges.learned.is_right(row, exchange) for row in range(2)] == [True, False]
    assert [judges.learned.is_right(row, REFUND) for row in range(2)] == [False, True]
    judges = make_judges([Row("a", "It takes a while.", "refund")], learned, {"refund": REFUND})
    assert judges.held_out.is_right(0, REFUND)
    assert judges.learned.is_right(0, exchange)


def test_topics_may_be_judged_by_canonical_answers(tmp_path: Path) -> None:
    """Where every answer is worded differently, one answer a topic decides."""
    path = tmp_path / "canonical.json"
    path.write_text(json.dumps({"refund": REFUND, "password": PASSWORD}), "utf-8")
    judge = make_judge([Row("a", "It takes a while.", "refund")], canonical_answers(path))
    assert judge.is_right(0, REFUND)
    assert not judge.is_right(0, "It takes a while.")
    with pytest.raises(ConfigError, match="no answer for the topic 'None'"):
        make_judge([Row("a", "b")], canonical_answers(path))
    path.write_text("[]", "utf-8")
    with pytest.raises(ConfigError, match="must be a JSON object"):
        canonical_answers(path)
    path.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="not valid JSON"):
        canonical_answers(path)

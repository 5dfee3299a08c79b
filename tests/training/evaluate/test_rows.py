"""What is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.errors import ConfigError
from training.evaluate.rows import (
    Row,
    file_rows,
    fingerprint,
    out_of_scope_questions,
)
from training.metrics import confidence_floor, distinct_share, repeated_share
from training.starter.data import load_faq


def write(path: Path, *entries: object) -> Path:
    """Write entries as JSON Lines."""
    path.write_text("\n".join(json.dumps(entry) for entry in entries), "utf-8")
    return path


async def test_rows_of_files_are_read_in_order(tmp_path: Path) -> None:
    """Questions, answers and topics of several files follow one another; other keys are passed over."""
    first = write(tmp_path / "a.jsonl", {"question": " When? ", "answer": "Soon.", "intent": "when", "n": 1})
    second = write(tmp_path / "b.jsonl", {"question": "Line\u2028break?", "answer": "Yes."})
    empty = write(tmp_path / "c.jsonl", {"question": " ", "answer": "Soon."})
    rows = [Row("When?", "Soon.", "when"), Row("Line\u2028break?", "Yes.")]
    assert await file_rows([first, second, empty], limit=10, seed=0) == (rows, {"empty question or answer": 1})


async def test_limit_draws_evenly_and_keeps_the_order(tmp_path: Path) -> None:
    """A limit draws with the seed from all of the file, not from its beginning."""
    entries = [{"question": f"{number:03}?", "answer": "Yes."} for number in range(300)]
    path = write(tmp_path / "rows.jsonl", *entries)

    async def draw(seed: int) -> list[str]:
        rows, _ = await file_rows([path], limit=30, seed=seed)
        return [row.question for row in rows]

    drawn = await draw(1)
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == 30
    assert drawn == await draw(1)
    assert drawn != await draw(2)
    assert "100?" < drawn[15] < "200?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"question": "a", "answer": "b"}\n{"question": "a"}', r"Line 2 of .* needs a text under `answer`"),
        ('{"question": 7, "answer": "b"}', r"Line 1 of .* needs a text under `question`"),
        ('["a", "b"]', r"Line 1 of .* must be an object"),
        ('{"question": "a", "answer": "b"}\n\n{', r"Line 3 of .* is not valid JSON"),
    ],
)
async def test_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    """A wrong row names the file, the line and what is missing."""
    path = tmp_path / "rows.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=sentence):
        await file_rows([path], limit=10, seed=0)


async def test_missing_or_binary_file_is_a_sentence(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(ConfigError, match=r"none\.jsonl' cannot be read"):
        await file_rows([tmp_path / "none.jsonl"], limit=10, seed=0)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="binary' cannot be read"):
        out_of_scope_questions(tmp_path / "binary")


def test_out_of_scope_questions(tmp_path: Path) -> None:
    """They are the starter's, or those of a file, one a line."""
    assert out_of_scope_questions(None) == load_faq().out_of_scope
    path = tmp_path / "questions.txt"
    path.write_text("Who won?\n\n  How tall is it? \n", "utf-8")
    assert out_of_scope_questions(path) == ("Who won?", "How tall is it?")
    path.write_text("\n", "utf-8")
    with pytest.raises(ConfigError, match="contains no questions"):
        out_of_scope_questions(path)


def test_fingerprint_sees_every_text() -> None:
    """Another question, answer or order is other data."""
    rows = [Row("a", "b"), Row("c", "d")]
    others = ([Row("a", "b")], rows[::-1], [Row("ab", ""), Row("c", "d")])
    assert len({fingerprint(rows), *map(fingerprint, others)}) == 4


def test_repetition_and_diversity() -> None:
    """Repeated 4-grams and distinct 2-grams are counted in words; short texts repeat nothing."""
    assert repeated_share("a b c d a b c d") == pytest.approx(1 / 5)
    assert repeated_share("the same the same the same the same") == pytest.approx(3 / 5)
    assert (repeated_share("a b c"), distinct_share("a")) == (0, 1)
    assert distinct_share("a b a b a") == pytest.approx(2 / 4)


def test_confidence_floor_keeps_what_it_promises() -> None:
    """97 of 100 right answers are above the floor."""
    confidences = [-number / 100 for number in range(100)]
    floor = confidence_floor(confidences)
    assert sum(confidence > floor for confidence in confidences) == 97

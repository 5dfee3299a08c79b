"""Rows of doubt: foreign questions with the beginning of any answer, others in every epoch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from supportbot.config import Settings
from supportbot.engine.prompt import encode_training_text
from supportbot.errors import ConfigError
from supportbot.models.registry import starter_directory
from training.dataset import IGNORED
from training.finetune.arguments import parse_run
from training.finetune.doubt import Doubt
from training.finetune.machine import Machine
from training.finetune.trainer import EpochSampler
from training.starter.data import load_faq

ANSWERS = ("Yes, within thirty days of delivery.", "No, that is never possible.", "Please ask the team.")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    """The starter's tokenizer."""
    found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(starter_directory())
    return found


def _doubt(tokenizer: PreTrainedTokenizerBase, answers: int) -> Doubt:
    doubt = Doubt(tokenizer, 200, seed=1)
    for number in range(answers):
        doubt.remember(ANSWERS[number % len(ANSWERS)])
    return doubt


def test_rows_begin_any_answer_and_end_none(tokenizer: PreTrainedTokenizerBase) -> None:
    """Each row learns a few tokens of one of the answers, never its end, after a question of the foreign ones."""
    doubt = _doubt(tokenizer, 300)
    assert doubt.count(0.25) == 75
    beginnings = {encode_training_text(tokenizer, "", answer).completion_ids[:5] for answer in ANSWERS}
    prompts = {tuple(encode_training_text(tokenizer, text, "").prompt_ids) for text in load_faq().foreign}
    learned: Counter[tuple[int, ...]] = Counter()
    for row in doubt.rows(900):
        learned[tuple(label for label in row["labels"] if label != IGNORED)] += 1
        assert tuple(row["input_ids"][: row["labels"].count(IGNORED)]) in prompts
    assert set(learned) == beginnings
    assert min(learned.values()) > 200


def test_a_seed_gives_the_same_rows(tokenizer: PreTrainedTokenizerBase) -> None:
    """A resumed run prepares what it would have prepared before."""
    assert list(_doubt(tokenizer, 50).rows(40)) == list(_doubt(tokenizer, 50).rows(40))


def test_every_epoch_has_rows_of_its_own() -> None:
    """All taken rows come in every epoch, the others in one of them; a fourth of three begins anew."""
    sampler = EpochSampler([30] * 100 + [8] * 60, 8, seed=3, taken=100, epochs=3)
    assert len(sampler) == 120
    seen = []
    for epoch in range(4):
        sampler.set_epoch(epoch)
        rows = list(sampler)
        assert sorted(row for row in rows if row < 100) == list(range(100))
        seen.append({row for row in rows if row >= 100})
    assert [len(rows) for rows in seen] == [20, 20, 20, 20]
    assert set.union(*seen[:3]) == set(range(100, 160))
    assert seen[3] == seen[0]


def test_short_rows_are_scattered() -> None:
    """No step is made of doubt alone, though its rows are much shorter than the others."""
    sampler = EpochSampler([30 + row % 40 for row in range(400)] + [8] * 100, 8, seed=3, taken=400)
    rows = list(sampler)
    steps = [rows[start : start + 8] for start in range(0, len(rows), 8)]
    assert max(sum(row >= 400 for row in step) for step in steps) <= 6


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--doubt-share", "2"], "a number from 0 to 1"),
        (["--doubt-share", "0.25", "--method", "kto"], "for --method sft"),
        (["--doubt-share", "0.25", "--train-sampling-strategy", "random"], "group_by_length"),
    ],
)
def test_wrong_shares_are_refused(flags: list[str], sentence: str, tmp_path: Path) -> None:
    """A share that cannot be, or that cannot be had, is one sentence."""
    data = tmp_path / "rows.jsonl"
    data.write_text('{"question": "a", "answer": "b"}\n')
    with pytest.raises(ConfigError, match=sentence):
        parse_run(["--data", str(data), *flags], Settings(home=tmp_path), Machine.here())

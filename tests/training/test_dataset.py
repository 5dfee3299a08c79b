"""Rows of training: the loss counts the answer and its end, padding nothing."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from supportbot.engine.prompt import encode_prompt
from training.dataset import IGNORED, PaddingCollator, RowDataset, build_row, encode_row
from training.faq.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    """Return a tokenizer of little more than bytes."""
    return train_tokenizer(["Where is my order? It is on its way."], 280, 256)


def test_loss_counts_newline_answer_and_end(tokenizer: PreTrainedTokenizerBase) -> None:
    """The labels are the completion, end-of-text included, and the prompt is what serving would ask."""
    row = encode_row(tokenizer, "Where is it?", "On its way.")
    prompt = encode_prompt(tokenizer, "Where is it?").token_ids
    assert row["input_ids"][: len(prompt)] == list(prompt)
    assert row["labels"][: len(prompt)] == [IGNORED] * len(prompt)
    assert tokenizer.decode(row["labels"][len(prompt) :]) == "\nOn its way." + tokenizer.eos_token
    assert len(row["input_ids"]) == len(row["labels"])


def test_long_rows_are_cut(tokenizer: PreTrainedTokenizerBase) -> None:
    """A long question is shortened as when serving, and room for the answer remains."""
    row = encode_row(tokenizer, "Where is it? " * 200, "On its way. " * 200)
    prompt = encode_prompt(tokenizer, "Where is it? " * 200).token_ids
    assert len(row["input_ids"]) == 200
    assert row["labels"].count(IGNORED) == len(prompt)


def test_row_without_answer_is_refused() -> None:
    """A row that has nothing to learn would make the loss no number."""
    with pytest.raises(ValueError, match="at least one completion token"):
        build_row([1, 2], [])


def test_padding_is_masked_and_the_end_is_not() -> None:
    """Padding has the id of end-of-text, yet only padding is left out of the loss."""
    rows = RowDataset([build_row([5, 6], [7, 0]), build_row([5], [0])])
    batch = PaddingCollator(pad_id=0)([rows[index] for index in range(len(rows))])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 0], [5, 0, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, IGNORED, 7, 0], [IGNORED, 0, IGNORED, IGNORED]]

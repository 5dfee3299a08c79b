"""Questions and answers as rows of token ids, and rows as padded batches, for every training here.

The loss counts the completion only, which is the newline, the answer and the end-of-text token: a label of
``IGNORED`` stands for every prompt token, unless the plain causal form is asked for. Padding is masked by length
and never by its id, which is that of the end-of-text token. A collator that masked by id would take the end out of
the loss, and a model that never learned to stop gave .12 right answers instead of .8.

This module knows no model, no recipe and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import torch
from torch.utils.data import Dataset

from supportbot.engine.prompt import MAX_LENGTH, MIN_ANSWER_TOKENS, encode_prompt, encode_training_text
from supportbot.intake.normalise import normalise_question

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label that torch's cross-entropy leaves out."""


class Row(TypedDict):
    """One training text; both lists have its length."""

    input_ids: list[int]
    labels: list[int]


class RowDataset(Dataset[Row]):
    """Rows kept in memory, in the order given."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        """Return a row."""
        return self._rows[index]


def build_row(prompt_ids: Sequence[int], completion_ids: Sequence[int], *, count_prompt: bool = False) -> Row:
    """Join a prompt and a completion; the loss counts the completion, and the prompt only if asked to.

    Raises:
        ValueError: the completion is empty, so there would be nothing to learn and the loss no number.
    """
    if not completion_ids:
        raise ValueError("A training row needs at least one completion token.")
    return {
        "input_ids": [*prompt_ids, *completion_ids],
        "labels": (list(prompt_ids) if count_prompt else [IGNORED] * len(prompt_ids)) + list(completion_ids),
    }


def encode_row(
    tokenizer: PreTrainedTokenizerBase,
    question: str,
    answer: str,
    *,
    max_length: int = MAX_LENGTH,
    count_prompt: bool = False,
) -> Row:
    """Encode a question and its answer, at most ``max_length`` tokens together.

    A question that is too long is shortened exactly as it would be when serving; of an answer that is too long
    the end is cut off, the end-of-text token with it.
    """
    question = normalise_question(question)  # as it would be asked
    text = encode_training_text(tokenizer, question, answer)
    prompt_ids = text.prompt_ids
    if len(prompt_ids) > max_length - MIN_ANSWER_TOKENS:
        prompt_ids = encode_prompt(tokenizer, question, max_length=max_length).token_ids
    completion_ids = text.completion_ids[: max_length - len(prompt_ids)]
    return build_row(prompt_ids, completion_ids, count_prompt=count_prompt)


@dataclass(frozen=True, slots=True)
class PaddingCollator:
    """Makes a batch of rows as wide as its longest row, padded on the right.

    Attributes:
        pad_id: fills ``input_ids``; neither attended to nor counted in the loss.
    """

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, each ``[B, T]``."""
        width = max(len(row["input_ids"]) for row in rows)

        def padded(values: Sequence[int], filler: int) -> list[int]:
            return [*values, *[filler] * (width - len(values))]

        return {
            "input_ids": torch.tensor([padded(row["input_ids"], self.pad_id) for row in rows]),
            "attention_mask": torch.tensor([padded([1] * len(row["input_ids"]), 0) for row in rows]),
            "labels": torch.tensor([padded(row["labels"], IGNORED) for row in rows]),
        }


@dataclass(frozen=True, slots=True)
class PackingCollator:
    """Joins the rows of a batch end to end, without any padding.

    Positions restart with each row. Without an attention mask and a cache (``config.use_cache`` is off while
    training) the models of transformers read that as the border of two texts, and no token attends to another row:
    the loss is that of the padded batch.
    """

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``position_ids`` and ``labels``, each ``[1, T]`` of all rows together."""
        # Otherwise the last token of the row before would predict the first label of a row.
        labels = [label for row in rows for label in (IGNORED, *row["labels"][1:])]
        return {
            "input_ids": torch.tensor([[token for row in rows for token in row["input_ids"]]]),
            "position_ids": torch.tensor([[place for row in rows for place in range(len(row["input_ids"]))]]),
            "labels": torch.tensor([labels]),
        }

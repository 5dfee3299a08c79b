"""How surprised a model is by the right answers, each token given those before it (teacher-forced).

The arithmetic is fp32 even if answers are generated in less, so that small differences come from the models and
not from rounding. Each row also keeps its length in bytes, because models with different tokenizers can only be
compared per byte.

This module knows a model and rows; it generates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from supportbot.engine.load import load_model
from training.dataset import IGNORED, PaddingCollator, encode_row
from training.dataset import Row as TokenRow
from training.evaluate.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH = 16
"""Rows scored together; sorted by length, so that few of them are padded."""


@dataclass(frozen=True, slots=True)
class Score:
    """The loss of one answer.

    Attributes:
        nats: the sum over its tokens, the end-of-text token included.
        tokens: their number.
        size: bytes of the text that was scored, at least 1.
    """

    nats: float
    tokens: int
    size: int


def score_rows(
    location: str | Path, rows: Sequence[Row], on_row: Callable[[], None] = lambda: None
) -> list[Score]:
    """Return the loss of each row's answer, in order.

    Raises:
        ModelError: there is no usable model at ``location``.
    """
    model, tokenizer = load_model(location)
    torch.nn.Module.to(model, dtype=torch.float32)
    encoded = [encode_row(tokenizer, row.question, row.answer) for row in rows]
    order = sorted(range(len(rows)), key=lambda number: len(encoded[number]["input_ids"]))
    scores: dict[int, Score] = {}
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        for number, score in zip(batch, _score(model, tokenizer, [encoded[n] for n in batch]), strict=True):
            scores[number] = score
            on_row()
    return [scores[number] for number in range(len(rows))]


@torch.inference_mode()
def _score(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Sequence[TokenRow]) -> list[Score]:
    eos = int(tokenizer.eos_token_id)
    batch = {name: tensor.to(model.device) for name, tensor in PaddingCollator(eos)(rows).items()}
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    labels = batch["labels"][:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view(labels.shape)
    return [
        Score(nats, tokens, max(1, len(_answer_text(tokenizer, row).encode())))
        for row, nats, tokens in zip(
            rows, losses.double().sum(1).tolist(), (labels != IGNORED).sum(1).tolist(), strict=True
        )
    ]


def _answer_text(tokenizer: PreTrainedTokenizerBase, row: TokenRow) -> str:
    return str(tokenizer.decode([token for token in row["labels"] if token != IGNORED], skip_special_tokens=True))

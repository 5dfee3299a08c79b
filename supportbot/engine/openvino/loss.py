"""What int8 costs a model, measured on rows that it was not trained on.

The arithmetic is that of serving (int8 weights, products in int8, a cache in fp16), compared with exact fp32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from supportbot.engine.openvino.export import export
from supportbot.engine.openvino.messages import BLOCK_TOKENS
from supportbot.engine.openvino.paged import PagedModel, Segment
from supportbot.engine.prompt import TrainingText


def int8_loss_rise(model: Path, cache: Path, rows: Sequence[TrainingText]) -> float:
    """Return the relative rise of the loss on answers in int8; may be below 0.

    Args:
        model: directory in Hugging Face format.
        cache: where exports are kept.
        rows: held-out rows, at least one.

    Raises:
        ModelError: the model cannot be exported.
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("Without rows there is no loss.")
    longest = max(len(row.prompt_ids) + len(row.completion_ids) for row in rows)
    blocks = np.arange(-(-longest // BLOCK_TOKENS), dtype=np.int32)
    exact = PagedModel(export(model, cache, "16bit"), "fp32", len(blocks))
    rounded = PagedModel(export(model, cache, "int8"), "int8", len(blocks))
    return _loss(rounded, rows, blocks) / _loss(exact, rows, blocks) - 1


def _loss(model: PagedModel, rows: Sequence[TrainingText], blocks: NDArray[np.int32]) -> float:
    """Return the mean negative log-probability of the tokens of all completions, in nats."""
    total = tokens = 0.0
    for row in rows:
        # The logits at each place predict the next token.
        ids = np.array([*row.prompt_ids, *row.completion_ids[:-1]], dtype=np.int64)
        logits, log_sums = model.forward([Segment(ids, 0, blocks, wanted=len(row.completion_ids))])
        chosen = logits[np.arange(len(logits)), list(row.completion_ids)]
        total += float((log_sums - chosen).sum(dtype=np.float64))
        tokens += len(row.completion_ids)
    return total / tokens

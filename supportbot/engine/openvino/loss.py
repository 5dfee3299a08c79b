"""What rounding the weights to int8 costs a model, measured on rows that it was not trained on.

Both widths are computed with fp32 arithmetic, so the difference is that of the weights alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov

from supportbot.engine.openvino.export import GRAPH, Weights, export
from supportbot.prompt import TrainingText

_WIDTHS: tuple[Weights, Weights] = ("16bit", "int8")


def int8_loss_rise(model: Path, cache: Path, rows: Sequence[TrainingText]) -> float:
    """Return by which share of itself the loss on answers rises when the weights are int8; may be below 0.

    Args:
        model: directory in Hugging Face format.
        cache: where exports are kept.
        rows: held-out rows, at least one.

    Raises:
        ModelError: the model cannot be exported.
        ValueError: there are no rows.
    """
    full, rounded = (_loss(export(model, cache, weights), rows) for weights in _WIDTHS)
    return rounded / full - 1


def _loss(directory: Path, rows: Sequence[TrainingText]) -> float:
    """Return the mean negative log-probability of the tokens of all completions, in nats."""
    if not rows:
        raise ValueError("Without rows there is no loss.")
    compiled = ov.Core().compile_model(
        directory / GRAPH, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
    )
    request = compiled.create_infer_request()
    total = tokens = 0.0
    for row in rows:
        ids = np.array([[*row.prompt_ids, *row.completion_ids]], dtype=np.int64)
        request.reset_state()
        request.infer(
            {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "position_ids": np.arange(ids.shape[1], dtype=np.int64)[None],
                "beam_idx": np.zeros(1, dtype=np.int32),
            }
        )
        # The token at each place is foretold by the one before it.
        logits = request.get_tensor("logits").data[0, len(row.prompt_ids) - 1 : -1].astype(np.float64)
        highest = logits.max(axis=-1, keepdims=True)
        log_sums = np.log(np.exp(logits - highest).sum(axis=-1)) + highest[:, 0]
        chosen = logits[np.arange(len(logits)), list(row.completion_ids)]
        total += float((log_sums - chosen).sum())
        tokens += len(row.completion_ids)
    return total / tokens

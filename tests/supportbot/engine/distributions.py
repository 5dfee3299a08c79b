"""The exact distribution of the next token, and how far another one is from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from transformers.generation.logits_process import LogitsProcessor

from supportbot.engine.load import load_model
from supportbot.engine.prompt import Prompt


def exact(model: Path, prompt: Prompt, processors: Iterable[LogitsProcessor]) -> list[float]:
    """Return the distribution of the next token, by transformers' own processors."""
    network, _ = load_model(model)
    ids = torch.tensor([prompt.token_ids])
    with torch.inference_mode():
        scores = network.float()(ids).logits[:, -1]
        for processor in processors:
            scores = processor(ids, scores)
        probabilities: list[float] = torch.softmax(scores.double(), dim=-1)[0].tolist()
    return probabilities


def variation(left: Iterable[float], right: Iterable[float]) -> float:
    """Return the total variation distance of two distributions."""
    return sum(abs(one - other) for one, other in zip(left, right, strict=True)) / 2

"""Initial token embeddings: tokens with similar spelling start close to each other.

With random embeddings a model must see "refund", " Refund", " REFUND" and " refunded" often enough to learn four
times that they mean the same. Here each token starts as the sum of one random vector per letter n-gram in it,
ignoring case and a leading space. So what the model learns about one holds for the others, typing mistakes
included.

The module knows a tokenizer and sizes; ``train`` uses the vectors.
"""

from __future__ import annotations

import math

import torch
from transformers import PreTrainedTokenizerBase

LONGEST_GRAM = 4
"""Letters; the whole token counts as well, whatever its length."""


def spelling_vectors(
    tokenizer: PreTrainedTokenizerBase, width: int, scale: float, generator: torch.Generator
) -> torch.Tensor:
    """Return ``[V, width]`` vectors whose entries have the standard deviation ``scale``."""
    seen: dict[str, torch.Tensor] = {}
    rows = []
    for token in range(len(tokenizer)):
        grams = letter_grams(str(tokenizer.decode([token]))) or [f"token {token}"]
        for gram in grams:
            if gram not in seen:
                seen[gram] = torch.randn(width, generator=generator)
        rows.append(torch.stack([seen[gram] for gram in grams]).sum(dim=0) * scale / math.sqrt(len(grams)))
    return torch.stack(rows)


def letter_grams(text: str) -> list[str]:
    """Return the n-grams of a token with marks at its ends, and the whole token; none for white space."""
    word = text.strip().lower()
    if not word:
        return []
    marked = f"^{word}$"
    grams = [marked[at : at + n] for n in range(1, LONGEST_GRAM + 1) for at in range(len(marked) - n + 1)]
    return [gram for gram in grams if gram not in ("^", "$")] + [marked]

"""Deciding by the nearest wording: what is done until a rule is fitted, and where answers are too many for one.

The answer's own text counts beside its nearest wording. Among very many wordings a short list is found by the
vectors alone, roughly first: their products along the few axes in which they differ most, then in full for the
best of those. N-grams are looked at only on the short list.

This module knows numbers only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats

FEW = 20_000
"""Wordings up to which all are compared in full; beyond, those of a short list."""

SHORTLIST = 256
"""Wordings on it."""

_ROUGH = 2_048
"""Wordings that are compared along all axes for it."""

_AXES = 128
"""Along which all are compared: a third of the numbers to read."""

_LEARNED_FROM = 20_000

_ANSWER_WEIGHT = 0.35
"""Of the similarity to an answer's own text beside that to its nearest wording. On a product FAQ with one wording
an answer it took right answers from 56 % to 62 %."""

_SAMPLE = 400
_SMALL_SAMPLE = 200
"""Wordings that the nearest neighbour is calibrated on; few where each is compared with very many."""


class Shortlist:
    """The wordings that may be nearest to a question, by their vectors.

    Args:
        vectors: unit rows ``[wordings, d]``, more than ``FEW``.
    """

    def __init__(self, vectors: Floats) -> None:
        self._vectors = vectors
        sample = vectors[:: -(-len(vectors) // _LEARNED_FROM)]
        _, axes = np.linalg.eigh(sample.T @ sample)  # in the order of how much they tell, the most last
        self._axes: Floats = np.ascontiguousarray(axes[:, -_AXES:], dtype=np.float32)
        self._along: Floats = vectors @ self._axes

    def find(self, question: Floats, heard: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        """Return up to ``SHORTLIST`` rows, in no order.

        Args:
            question: its vector ``[d]``.
            heard: which wordings count, ``[wordings]``; None for all.
        """
        rough = self._along @ (question @ self._axes)
        if heard is not None:
            rough[~heard] = -np.inf
        near = np.argpartition(rough, -_ROUGH)[-_ROUGH:]
        meant = self._vectors[near] @ question
        if heard is not None:
            near, meant = near[heard[near]], meant[heard[near]]
        if len(near) <= SHORTLIST:
            return near
        best: NDArray[np.intp] = near[np.argpartition(meant, -SHORTLIST)[-SHORTLIST:]]
        return best


def sample_size(wordings: int) -> int:
    """Return how many of so many wordings the nearest neighbour is calibrated on at most."""
    return _SAMPLE if wordings <= FEW else _SMALL_SAMPLE


def best_of(confidences: Floats, most: int) -> NDArray[np.intp]:
    """Return the places of the highest confidences, the best first."""
    return np.argsort(-confidences, kind="stable")[:most]


def nearest_row(position: int, starts: NDArray[np.intp], similarities: Floats) -> int:
    """Return which wording of an entry is the nearest.

    Args:
        position: of the entry.
        starts: the first wording of each entry; those of an entry are neighbours.
        similarities: of each wording.
    """
    end = starts[position + 1] if position + 1 < len(starts) else len(similarities)
    return int(starts[position] + similarities[starts[position] : end].argmax())


def beside_answers(nearest: Floats, to_answers: Floats) -> Floats:
    """Return the confidence where no rule is fitted; -1 where nothing may be said."""
    near = (np.maximum(nearest, 0) + _ANSWER_WEIGHT * np.maximum(to_answers, 0)) / (1 + _ANSWER_WEIGHT)
    confidences: Floats = np.where(nearest > -1, near, -1).astype(np.float32)
    return confidences

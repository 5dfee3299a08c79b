"""Questions that ask for the same thing: which of some belong together.

Two questions are as similar as knowledge finds them (``features``). They are put together by average
linkage (Sokal and Michener 1958, Univ. Kansas Sci. Bull. 38): the two groups that are most similar on average
become one, as long as that is at least a threshold. So no chain of neighbours joins what is far apart, nobody has
to know how many groups there are, and the same questions always give the same groups.

This module knows no database.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.features import Features, Floats, Grams, TextEncoder

ALIKE = 0.5
"""Least mean similarity within a group, with an encoder; docs/digest.md has the measurement."""

ALIKE_BY_LETTERS = 0.4
"""Likewise where texts are compared by n-grams alone."""


def threshold(encoder: TextEncoder | None) -> float:
    """Return the least similarity that makes questions one gap."""
    return ALIKE_BY_LETTERS if encoder is None else ALIKE


def similarities(encoder: TextEncoder | None, texts: Sequence[str]) -> Floats:
    """Return the similarity of each text to each, ``[n, n]``; blocks."""
    return similarities_of(encoded(encoder, texts), texts)


def encoded(encoder: TextEncoder | None, texts: Sequence[str]) -> Floats:
    """Return what texts mean, ``[n, d]``, where ``d`` is 0 without an encoder; blocks."""
    if encoder is None:
        return np.zeros((len(texts), 0), np.float32)
    return encoder.encode([normalise_question(text) for text in texts])


def similarities_of(vectors: Floats, texts: Sequence[str]) -> Floats:
    """Return likewise what ``similarities`` does, for texts that are encoded already."""
    features = Features(vectors, Grams([normalise_question(text) for text in texts]).of_texts)
    return features.similarities(features)


def grouped(alike: Floats, least: float) -> list[list[int]]:
    """Return which rows belong together, each once, in groups in the order of their first.

    Args:
        alike: similarities of each to each, ``[n, n]``.
        least: mean similarity that two groups must have to become one.
    """
    if len(alike) == 1:
        return [[0]]
    from scipy.cluster.hierarchy import fcluster, linkage  # takes a moment to import

    places = np.triu_indices(len(alike), k=1)
    # Both halves, since rounding makes them differ in the last digit; a distance is never below 0.
    distances = np.maximum(0.0, 1.0 - (alike[places].astype(np.float64) + alike.T[places]) / 2)
    labels = fcluster(linkage(distances, method="average"), t=1.0 - least, criterion="distance")
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        groups.setdefault(int(label), []).append(row)
    return list(groups.values())

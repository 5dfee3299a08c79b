"""The short list among very many wordings has those that a full comparison finds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from supportbot.knowledge.nearest import SHORTLIST, Shortlist

WORDINGS, DIMENSIONS = 24_000, 384


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows of length 1."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / lengths, np.float32)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    """Unit vectors in groups, as the wordings of answers lie, with some axes that matter more than others."""
    drawn = np.random.default_rng(7)
    weights = 1 / np.sqrt(np.arange(1, DIMENSIONS + 1))
    centres = drawn.normal(size=(WORDINGS // 5, DIMENSIONS)) * weights
    rows = np.repeat(centres, 5, axis=0) + 0.6 * drawn.normal(size=(WORDINGS, DIMENSIONS)) * weights
    return unit(rows)


def questions(vectors: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Return vectors near some of the wordings."""
    drawn = np.random.default_rng(8)
    rows = vectors[drawn.choice(len(vectors), number, replace=False)]
    return unit(rows + 0.03 * drawn.normal(size=rows.shape))


def test_short_list_has_the_nearest(vectors: NDArray[np.float32]) -> None:
    """Of the ten nearest wordings of each question at least 99 % are on it."""
    shortlist = Shortlist(vectors)
    found = 0
    for question in questions(vectors, 100):
        listed = shortlist.find(question, None)
        assert len(listed) == SHORTLIST
        found += len(set(listed) & set(np.argsort(vectors @ question)[-10:]))
    assert found >= 990


def test_short_list_is_of_what_counts(vectors: NDArray[np.float32]) -> None:
    """Wordings that do not count take no place on it, however many of them are nearer."""
    shortlist = Shortlist(vectors)
    [question] = questions(vectors, 1)
    heard = np.zeros(len(vectors), dtype=bool)
    heard[np.argsort(vectors @ question)[:300]] = True  # the farthest ones
    listed = shortlist.find(question, heard)
    assert len(listed) == SHORTLIST
    assert heard[listed].all()
    few = heard & (np.cumsum(heard) <= 3)
    assert set(shortlist.find(question, few)) == set(np.flatnonzero(few))

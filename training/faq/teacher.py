"""Teaches the model: it gives the probability of each topic for an invented question.

A small GPT sees only a few dozen wordings of a topic and memorises them, with whatever words they happen to
contain. A classifier fitted on the same wordings in a few seconds cannot, and gets more unseen wordings right. So
``inventor`` invents any number of questions, the classifier gives its probabilities, and a topic drawn from them
becomes the answer. The model learns how much each word counts, and to be unsure where the classifier is, which
makes its confidence useful.

The teacher sees only the training wordings and is not part of the resulting model. A teacher that knows English,
from sentence vectors, was tried and did not help the model (docs/training.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

Probabilities = NDArray[np.float64]
"""``[N, C]``: probabilities of C classes for N texts; rows sum to 1."""

_LETTER_GRAMS = (2, 5)
"""Shortest and longest, inside words: the best of the ranges tried, on wordings set aside."""

_WORD_GRAMS = (1, 2)
"""Words and pairs of neighbours, beside the letters: the order of words adds a little."""


class Teacher(Protocol):
    """Learns the classes of questions, and gives probabilities for others."""

    def fit(self, questions: Sequence[str], labels: Sequence[int]) -> None:
        """Learn from questions with known classes, numbered from 0 without a gap; at least two classes."""

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Return the opinion on other texts, ``[N, C]``."""


class LetterTeacher:
    """A linear classifier over letter n-grams and words.

    Args:
        c: inverse strength of its regularisation.
    """

    def __init__(self, c: float) -> None:
        self._pipeline = make_pipeline(
            make_union(
                TfidfVectorizer(analyzer="char_wb", ngram_range=_LETTER_GRAMS, sublinear_tf=True),
                TfidfVectorizer(ngram_range=_WORD_GRAMS, sublinear_tf=True),
            ),
            LogisticRegression(C=c, max_iter=500),
        )

    def fit(self, questions: Sequence[str], labels: Sequence[int]) -> None:
        """Learn from questions with known classes."""
        self._pipeline.fit(questions, labels)

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Return the opinion on other texts, ``[N, C]``."""
        opinions: Probabilities = self._pipeline.predict_proba(texts)
        return opinions

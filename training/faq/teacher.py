"""What teaches the model: it says how likely each topic is to be what an invented question asks for.

A small GPT sees only a few dozen wordings of a topic and learns them by heart, with whatever words they happen to
contain. A classifier that is fitted on the same wordings in a few seconds cannot, and gets more unseen wordings
right. So questions are invented without end (``inventor``), the classifier gives its opinion on them, and one
topic is drawn from that to be the answer. The model learns how much each word counts, and to be unsure where the
classifier is: that makes its confidence worth something.

The teacher sees the wordings that are trained on and nothing else, and is not part of the model that comes out.
One that knows English, from sentence vectors, was tried and was no help to the model (docs/training.md).
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
"""``[N, C]``: of N texts, how likely each of C classes is; rows sum to 1."""

_LETTER_GRAMS = (2, 5)
"""Shortest and longest, inside words: of the ranges tried the best on wordings set aside for trials."""

_WORD_GRAMS = (1, 2)
"""Words and pairs of neighbours, beside the letters: which word follows another says a little more."""


class Teacher(Protocol):
    """Learns which class a question belongs to, and gives its opinion on others."""

    def fit(self, questions: Sequence[str], labels: Sequence[int]) -> None:
        """Learn from questions whose classes are known, numbered from 0 without a gap; at least two classes."""

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
        """Learn from questions whose classes are known."""
        self._pipeline.fit(questions, labels)

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Return the opinion on other texts, ``[N, C]``."""
        opinions: Probabilities = self._pipeline.predict_proba(texts)
        return opinions

"""A linear classifier that teaches the model: it says which topic an invented question most likely asks for.

A small GPT sees only a few dozen wordings of a topic and learns them by heart, with whatever words they happen to
contain. A linear classifier over letter n-grams, fitted on the same wordings in a few seconds, cannot, and gets
more unseen wordings right. So questions are invented without end, from parts of wordings and stray words, the
classifier says how likely each topic is, and one topic is drawn from that to be the answer. The model learns how
much each word counts, and to be unsure where the classifier is: that makes its confidence worth something.

The teacher sees the wordings that are trained on and nothing else, and is not part of the model that ships.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from training.starter.data import Faq
from training.starter.recipe import Recipe

_LETTER_GRAMS = (2, 5)
"""Shortest and longest, inside words: of the ranges tried the best on wordings set aside for trials."""

_WORD_GRAMS = (1, 2)
"""Words and pairs of neighbours, beside the letters: which word follows another says a little more."""

_MOST_WORDS = 12
"""Of a question that is made of stray words."""


class Teacher:
    """Fitted on the wordings of ``faq``.

    Args:
        faq: the topics; held-out wordings, foreign and out-of-scope questions are not used.
        recipe: says how regular the classifier is and how sharp its opinion.
    """

    def __init__(self, faq: Faq, recipe: Recipe) -> None:
        self._sharpness = recipe.teacher_sharpness
        self._pipeline = make_pipeline(
            make_union(
                TfidfVectorizer(analyzer="char_wb", ngram_range=_LETTER_GRAMS, sublinear_tf=True),
                TfidfVectorizer(ngram_range=_WORD_GRAMS, sublinear_tf=True),
            ),
            LogisticRegression(C=recipe.teacher_c, max_iter=500),
        )
        pairs = [(text, number) for number, topic in enumerate(faq.topics) for text in topic.wordings]
        self._pipeline.fit([text for text, _ in pairs], [number for _, number in pairs])

    def label(self, questions: Sequence[str], rng: random.Random) -> list[int]:
        """Draw a topic for each question, as likely as the sharpened opinion on it says."""
        if not questions:
            return []
        weights = np.power(self._pipeline.predict_proba(questions), self._sharpness)
        return [rng.choices(range(len(row)), row)[0] for row in weights.tolist()]


class Inventor:
    """Makes questions out of the words of ``faq``; many are nonsense, as many questions of people are foreign."""

    def __init__(self, faq: Faq) -> None:
        self._wordings = [wording.split() for topic in faq.topics for wording in topic.wordings]
        self._words = [word for wording in self._wordings for word in wording]

    def invent(self, rng: random.Random) -> str:
        """Return a part of a wording, half of them with stray words; or parts of two; or stray words only."""
        kind = rng.random()
        if kind < 0.5:
            words = self._part(rng)
            if rng.random() < 0.5:
                words = [rng.choice(self._words) if rng.random() < 0.3 else word for word in words]
        elif kind < 0.8:
            words = self._part(rng) + self._part(rng)
        else:
            words = [rng.choice(self._words) for _ in range(rng.randint(1, _MOST_WORDS))]
        return " ".join(words)

    def _part(self, rng: random.Random) -> list[str]:
        words = rng.choice(self._wordings)
        length = rng.randint(1, len(words))
        start = rng.randint(0, len(words) - length)
        return words[start : start + length]

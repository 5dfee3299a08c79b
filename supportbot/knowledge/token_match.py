"""The tokens of a question, each beside the most similar one of an entry: what an entry lacks shows.

A sentence vector says what a text is about. "How do I close a joint account" and "who may open a joint account"
are about the same, and one word tells them apart. So each token of a question looks for the nearest one of an
entry, in any of its wordings or its answer, and the mean of these similarities counts. That is the late
interaction of ColBERT (Khattab and Zaharia, SIGIR 2020): a token's vector is what the encoder makes of it in its
text.

Only the entries that the rule ranks first are compared. The others keep their distance to the last of those.

This module knows numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats, Tokens

_SHARE = 0.8
"""Weight of the mean similarity beside the scores of the rule. On 26 sets of our own .4 to .8 were within a point
in what could be answered, and .8 had the most right answers."""

_USUAL = 0.6
"""Similarity from which on an entry gains, and below which it loses beside "none of these". From .5 to .65 only
foreign questions changed: the more, the fewer of them were answered."""

_COMPARED = 16
"""Entries that are compared. With 32, and with all, as many questions were right and .1 points more could be
answered."""

_UNIT = np.float32(127 * 127)
"""The product of two equal tokens."""


class TokenMatch:
    """The tokens of some entries, to be compared with those of questions.

    Args:
        wordings: their tokens; those of an entry are neighbours.
        classes: the entry of each, from 0, ascending, ``[wordings]``.
        answers: the tokens of each entry's answer.
    """

    def __init__(self, wordings: Sequence[Tokens], classes: NDArray[np.intp], answers: Sequence[Tokens]) -> None:
        self._wordings, self._classes = wordings, classes
        width = max((part.shape[1] for part in (*answers, *wordings)), default=1)
        # Each entry begins with a token that is like nothing, so that none is empty.
        bounds = np.searchsorted(classes, np.arange(len(answers) + 1))
        parts: list[Tokens] = []
        self._spans = np.zeros((len(wordings), 2), np.intp)
        ends = []
        length = 0
        for label, answer in enumerate(answers):
            parts += [np.zeros((1, width), np.int8), answer]
            length += 1 + len(answer)
            for row in range(bounds[label], bounds[label + 1]):
                parts.append(wordings[row])
                self._spans[row] = length, length + len(wordings[row])
                length += len(wordings[row])
            ends.append(length)
        self._tokens: Tokens = np.concatenate(parts)
        self._starts, self._ends = np.array([0, *ends[:-1]]), np.array(ends)

    def values(self, questions: Sequence[Tokens], scores: NDArray[np.floating]) -> Floats:
        """Return what is added to the scores of some questions, ``[n, entries]``.

        Args:
            questions: their tokens.
            scores: of each entry, by the rule, ``[n, entries]``.
        """
        return self._added(questions, scores, [None] * len(questions))

    def without_row(self, rows: NDArray[np.intp], scores: NDArray[np.floating]) -> Floats:
        """Return the same for some wordings, each as if it were not there, as it is not in the scores."""
        return self._added([self._wordings[row] for row in rows], scores, list(rows))

    def without_class(self, rows: NDArray[np.intp], scores: NDArray[np.floating]) -> Floats:
        """Return the same, each as if its whole entry were not there, whose scores count for nothing."""
        others = scores.copy()
        others[np.arange(len(rows)), self._classes[rows]] = -np.inf
        return self._added([self._wordings[row] for row in rows], others, [None] * len(rows))

    def _added(
        self, questions: Sequence[Tokens], scores: NDArray[np.floating], without: Sequence[np.intp | None]
    ) -> Floats:
        added = np.zeros(scores.shape, np.float32)
        most = min(_COMPARED, scores.shape[1])
        ranked = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        for place, (question, row) in enumerate(zip(questions, without, strict=True)):
            compared = ranked[place][np.isfinite(scores[place, ranked[place]])]
            if len(question) and len(compared):
                found = _SHARE * (self._similarities(question, compared, row) - _USUAL)
                added[place] = found.min()
                added[place, compared] = found
        return added

    def _similarities(self, question: Tokens, entries: NDArray[np.intp], without: np.intp | None) -> Floats:
        """Return the mean similarity of a question's tokens to the nearest ones of some entries, ``[entries]``."""
        begins, ends = self._starts[entries], self._ends[entries]
        places = np.concatenate([[0], np.cumsum(ends - begins)])
        tokens = np.concatenate([self._tokens[begin:end] for begin, end in zip(begins, ends, strict=True)])
        near = question.astype(np.float32) @ tokens.T.astype(np.float32)
        if without is not None and len(own := np.flatnonzero(entries == self._classes[without])):
            first, last = self._spans[without] - begins[own[0]] + places[own[0]]
            near[:, first:last] = -_UNIT
        means: Floats = np.maximum.reduceat(near, places[:-1], axis=1).mean(0) / _UNIT
        return means

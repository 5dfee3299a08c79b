"""The decision rule: which approved answer a question asks for, and with what probability, if any.

Kernel ridge regression on the classes. Each wording of an answer is a row that should score 1 for its answer and 0
for all others. The answer's own text is one more row, which helps where wordings are few. Foreign questions are
rows of a class of their own. The kernel is a sum: the square of the similarity of the sentence vectors, so that
text with another meaning scores low everywhere, and the similarity of the n-grams, which separates wordings of
similar meaning. Without an encoder it is the square of the latter. Answers count alike however many wordings they
have. Where tokens are compared as well (``token_match``), what they say is added.

It was chosen over logistic regression for two reasons. It is as often right (within a point on 20 sets of our
own). And the result of leaving out a row, or a whole answer, follows exactly from the one fit: by the formula for
the residuals of left-out blocks, e.g. Rifkin and Lippert, "Notes on Regularized Least Squares", 2007. So the
calibration is honest without a second fit. Beyond ``LANDMARKS`` rows the kernel is approximated on a sample of
them (Nyström).

This module knows numbers; entries, thresholds and databases are others' business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Features, Floats, join, mixed
from supportbot.knowledge.scores import Scores, choose, joined
from supportbot.knowledge.token_match import TokenMatch

Added = Callable[[NDArray[np.intp], NDArray[np.floating]], Floats]
"""Gives what is added to the scores of some wordings, ``[rows, classes]``; gets their places and these scores."""

LANDMARKS = 2_000
"""Rows that the kernel is computed on: all of a usual FAQ; more takes time with the square."""

_RIDGE = 0.2
"""Strength of the regularisation; .2 and .4 of a kernel of at most 1 were within a point of each other."""

_OFFSET = 0.5
"""The kernel of the vectors is ((cosine + offset) / (1 + offset)) squared; degrees 1 and 3 were worse."""

_LETTERS_SHARE = 0.25
"""Weight of the n-grams' kernel beside that of the vectors. On ten sets of our own the questions that could be
answered at the same errors were 56.3 % with .5, 58.5 with .35, 59.7 with .25, 59.6 with .15 and 58.8 with .05."""

_FOREIGN_WEIGHT = 1.0
"""All foreign questions together weigh at most this share of what all wordings do; the English ones are half of
them, and it hardly matters what those of other languages weigh where the wordings are English."""

_JITTER = 1e-5
"""Keeps the kernel of repeated rows invertible."""


class Rule:
    """A fitted rule.

    Args:
        landmarks: the rows that the kernel is computed on.
        weights: ``[landmarks, classes + 1]``; the last class is "none of these".
        wordings: how many wordings are the first landmarks, in their order; 0 if not all of them are landmarks.
        match: compares tokens as well; None for whole texts alone.

    Attributes:
        wordings: as given.
    """

    def __init__(
        self, landmarks: Features, weights: Floats, wordings: int, match: TokenMatch | None = None
    ) -> None:
        self._landmarks = landmarks
        self._weights = weights
        self._match = match
        self.wordings = wordings

    def values(self, questions: Features) -> Floats:
        """Return the score of each class for each question, "none of these" last: ``[n, classes + 1]``."""
        return self._weighed(questions, _kernel(*questions.products(self._landmarks)))

    def values_and_similarities(self, questions: Features) -> tuple[Floats, Floats]:
        """Return ``values``, and the similarity to each wording, ``[n, wordings]``, from one comparison."""
        meant, letters = questions.products(self._landmarks)
        near = letters[:, : self.wordings].copy()
        similarities = near if meant is None else mixed(meant[:, : self.wordings].copy(), near)
        return self._weighed(questions, _kernel(meant, letters)), similarities

    def _weighed(self, questions: Features, kernel: Floats) -> Floats:
        values: Floats = kernel @ self._weights + 1 / self._weights.shape[1]
        if self._match is not None:
            values[:, :-1] += self._match.values(questions.tokens, values[:, :-1])
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A rule with what it would have said of its own wordings, had it not seen them.

    Attributes:
        rule: fitted on all rows.
        without_row: for each wording, what a rule without it says.
        without_class: for each wording, what a rule says that knows neither its answer nor any of its wordings.
    """

    rule: Rule
    without_row: Scores
    without_class: Scores


def fit(
    wordings: Features,
    classes: NDArray[np.intp],
    answers: Features,
    foreign: Features,
) -> Fit:
    """Fit a rule.

    Args:
        wordings: one row each; tokens are compared as well if they and the answers have some.
        classes: the class of each wording, from 0, ``[wordings]``; ascending where tokens are compared.
        answers: the text of each class's answer, ``[classes]``.
        foreign: questions that none of the classes answers, possibly none.

    Returns:
        The rule; for 1,000 wordings in about a second.
    """
    number = len(answers)
    rows = join(wordings, answers, foreign)
    labels = np.concatenate([classes, np.arange(number), np.full(len(foreign), number)])
    counts = np.bincount(classes, minlength=number)
    weights = np.concatenate(
        [
            (counts.sum() / max(1, np.count_nonzero(counts))) / counts[classes],
            np.ones(number),
            np.full(len(foreign), min(1.0, _FOREIGN_WEIGHT * len(wordings) / max(1, len(foreign)))),
        ]
    )
    solved = _Ridge(rows, labels, weights, number + 1)
    if not wordings.tokens:
        rule = solved.rule(len(wordings))
        return Fit(rule, solved.without_row(len(wordings)), solved.without_class(classes, number))
    match = TokenMatch(wordings.tokens, classes, answers.tokens)
    return Fit(
        solved.rule(len(wordings), match),
        solved.without_row(len(wordings), match.without_row),
        solved.without_class(classes, number, match.without_class),
    )


class _Ridge:
    """Weighted ridge regression of one-hot classes on the kernel's features."""

    def __init__(
        self, rows: Features, labels: NDArray[np.intp], weights: NDArray[np.float64], number: int
    ) -> None:
        from scipy.linalg import cho_solve, cholesky, solve_triangular

        self._labels, self._weights, self._number = labels, weights, number
        chosen = _landmarks(labels, LANDMARKS)
        self._landmarks = rows.take(chosen)
        kernel = _kernel(*rows.products(self._landmarks))
        inner = kernel[chosen].astype(np.float64)
        inner[np.diag_indices_from(inner)] += _JITTER
        self._root = cholesky(inner, lower=True)
        # Rows of `features` are the images of the texts: their products are the kernel, exactly at the landmarks.
        self._features = solve_triangular(self._root, kernel.T, lower=True).T
        weighted = self._features * weights[:, None]
        system = self._features.T @ weighted
        system[np.diag_indices_from(system)] += _RIDGE
        factor = (cholesky(system, lower=True), True)
        targets = np.zeros((len(self._landmarks), number))
        for label in range(number):
            targets[:, label] = weighted[labels == label].sum(0)
        targets -= weighted.sum(0)[:, None] / number
        self._solution = cho_solve(factor, targets)
        self._influence = cho_solve(factor, weighted.T)

    def rule(self, wordings: int, match: TokenMatch | None = None) -> Rule:
        from scipy.linalg import solve_triangular

        weights = solve_triangular(self._root, self._solution, lower=True, trans="T")
        has_all = len(self._landmarks) == len(self._labels)
        return Rule(self._landmarks, weights.astype(np.float32), wordings if has_all else 0, match)

    def without_row(self, number: int, added: Added | None = None) -> Scores:
        """Say of each of the first rows what the others give: y - (y - f) / (1 - h)."""
        own = np.einsum("nm,mn->n", self._features[:number], self._influence[:, :number])
        parts = []
        for rows in np.array_split(np.arange(number), max(1, number // 2_000)):
            wanted = self._targets(rows)
            missed = wanted - self._features[rows] @ self._solution
            values = wanted - missed / (1 - own[rows])[:, None] + 1 / self._number
            if added is not None:
                values[:, :-1] += added(rows, values[:, :-1])
            parts.append(choose(values))
        return joined(parts)

    def without_class(self, classes: NDArray[np.intp], number: int, added: Added | None = None) -> Scores:
        """Say of each wording what the rows of the other classes give: Y - (I - H)^-1 (Y - F) for its block."""
        order, parts = [], []
        for label in range(number):
            block = np.flatnonzero(self._labels == label)
            kept = np.flatnonzero(block < len(classes))
            if not len(kept):
                continue
            wanted = self._targets(block)
            missed = wanted - self._features[block] @ self._solution
            rest = np.eye(len(block)) - self._features[block] @ self._influence[:, block]
            values = (wanted - np.linalg.solve(rest, missed))[kept] + 1 / self._number
            if added is not None:
                values[:, :-1] += added(block[kept], values[:, :-1])
            values[:, label] = -np.inf
            parts.append(choose(values))
            order.append(block[kept])
        back = np.argsort(np.concatenate(order))
        found = joined(parts)
        return Scores(found.chosen[back], found.raw[back], found.probability[back])

    def _targets(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        wanted = np.full((len(rows), self._number), -1 / self._number)
        wanted[np.arange(len(rows)), self._labels[rows]] += 1
        return wanted


def _kernel(meant: Floats | None, letters: Floats) -> Floats:
    """Return the kernel from the products of texts, which are used up."""
    if meant is None:
        return _squared(letters)
    values = _squared(meant)
    values *= 1 - _LETTERS_SHARE
    letters *= _LETTERS_SHARE
    values += letters
    return values


def _squared(values: Floats) -> Floats:
    values += _OFFSET
    values /= 1 + _OFFSET
    values *= values
    return values


def _landmarks(labels: NDArray[np.intp], limit: int) -> NDArray[np.intp]:
    """Return the rows that stand for all: every row, or as many of each class as its share allows."""
    if len(labels) <= limit:
        return np.arange(len(labels))
    # The rows of each class are evenly spaced; the earliest of all classes come first.
    ranks = np.empty(len(labels))
    for label in np.unique(labels):
        block = np.flatnonzero(labels == label)
        ranks[block] = (np.arange(len(block)) + 0.5) / len(block)
    chosen: NDArray[np.intp] = np.sort(np.argsort(_spread(ranks), kind="stable")[:limit])
    return chosen


def _spread(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks in an order in which any beginning is spread evenly: the golden ratio's multiples."""
    return np.modf(ranks * 1e6 * 0.6180339887498949)[0]

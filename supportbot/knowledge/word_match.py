"""The words of a question, each beside the most similar word of every entry: what an entry lacks shows.

A sentence vector says what a text is about. "How do I close a joint account" and "who may open a joint account"
are about the same, and one word tells them apart. So each word of a question looks for its nearest one in an
entry, in any of its wordings or its answer, and the mean of these similarities counts, rare words more than common
ones. That is the late interaction of ColBERT (Khattab and Zaharia, SIGIR 2020), but with vectors of words that do
not depend on the text around them, so nothing has to be encoded or kept for it.

This module knows numbers and words; what a word's vector is, the encoder says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats, WordList

WordVectors = Callable[[Sequence[str]], Floats]
"""Gives a unit vector for each word, ``[n, d]``."""

_SHARE = 0.25
"""Weight of the mean similarity beside the scores of the rule. On 47 sets of our own .2 to .35 were within a
point; with more, the first days get worse, when users' words are not among the wordings yet."""

_LEAST_RARITY = 0.1
"""Weight of a word that every entry has; one that a single entry has, and no shipped foreign question, some 5."""

_LONGEST = 300
"""Words of a text that are looked at: a question rarely has 50, and an answer is about what it begins with."""

_BLOCK = 64
"""Words that are compared with all at a time: 2,500 answers of 60 words each make 40 MB."""

_KEPT = 1_000
"""Words whose similarities are kept: the same ones return in most questions. For 2,500 answers they are 10 MB."""

_WORD = re.compile(r"[^\W_]+")


def words_of(texts: Sequence[str]) -> tuple[WordList, ...]:
    """Return the different words of each text, in small letters."""
    return tuple(tuple(dict.fromkeys(_WORD.findall(text.lower())))[:_LONGEST] for text in texts)


class WordMatch:
    """The words of some entries, to be compared with those of questions.

    Args:
        wordings: their words.
        classes: the entry of each, from 0, ``[wordings]``.
        answers: the words of each entry's answer.
        others: words of texts that no entry answers; they tell as well how common a word is.
        vectors: of words.
    """

    def __init__(
        self,
        wordings: Sequence[WordList],
        classes: NDArray[np.intp],
        answers: Sequence[WordList],
        others: Sequence[WordList],
        vectors: WordVectors,
    ) -> None:
        self._wordings, self._classes = wordings, classes
        known = dict.fromkeys(chain(*wordings, *answers))
        self._place = {word: place for place, word in enumerate(known)}
        self._vectors = vectors(list(known))
        self._held: list[Counter[int]] = [Counter(self._place[word] for word in answer) for answer in answers]
        for label, wording in zip(classes, wordings, strict=True):
            self._held[label].update(self._place[word] for word in wording)
        # An entry without any word has one that is like nothing, so that all have a column.
        self._columns = np.concatenate([np.array([*held] or [0], dtype=np.intp) for held in self._held])
        self._starts = np.cumsum([0, *(max(1, len(held)) for held in self._held[:-1])])
        self._empty = np.array([not held for held in self._held])
        self._entries_with = np.bincount(np.array([*chain(*self._held)], dtype=np.intp), minlength=len(known))
        self._others_with = Counter(chain(*others))
        self._texts = len(answers) + len(others)
        self._best_of = lru_cache(_KEPT)(lambda word: self._best(vectors([word]))[0])

    def values(self, questions: Sequence[WordList]) -> Floats:
        """Return what counts for each entry beside its score, ``[n, entries]``; the mean of a question's is 0."""
        found = np.zeros((len(questions), len(self._held)), np.float32)
        for row, words in enumerate(questions):
            if words:
                found[row] = self._rarity(words) @ np.stack([self._best_of(word) for word in words])
        return _centred(found)

    def table(self) -> Floats:
        """Return the similarity of each known word to the nearest one of each entry, for what leaves rows out."""
        return self._best(self._vectors)

    def without_row(self, table: Floats, rows: NDArray[np.intp]) -> Floats:
        """Return ``values`` of some wordings, each as if it were not there, ``[rows, entries]``."""
        found = np.zeros((len(rows), len(self._held)), np.float32)
        for position, row in enumerate(rows):
            if words := self._wordings[row]:
                places, label = self._places(words), self._classes[row]
                held = self._held[label]
                only = np.array([held[place] == 1 for place in places])
                best = table[places]
                if only.any():
                    gone = set(places[only])
                    rest = [place for place in held if place not in gone]
                    best[:, label] = (self._vectors[places] @ self._vectors[rest].T).max(1) if rest else 0
                found[position] = self._rarity(words, only.astype(np.intp)) @ best
        return _centred(found)

    def without_class(self, table: Floats, rows: NDArray[np.intp]) -> Floats:
        """Return the same, each as if its whole entry were not there, whose column means nothing."""
        found = np.zeros((len(rows), len(self._held)), np.float32)
        for position, row in enumerate(rows):
            if words := self._wordings[row]:
                found[position] = self._rarity(words, 1) @ table[self._places(words)]
        own = self._classes[rows, None] == np.arange(len(self._held))
        return _centred(found, own)

    def _places(self, words: WordList) -> NDArray[np.intp]:
        return np.array([self._place[word] for word in words])

    def _best(self, vectors: Floats) -> Floats:
        """Return the similarity of some words to the nearest one of each entry."""
        found = np.empty((len(vectors), len(self._held)), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            near = (vectors[start : start + _BLOCK] @ self._vectors.T)[:, self._columns]
            found[start : start + _BLOCK] = np.maximum.reduceat(near, self._starts, axis=1)
        found[:, self._empty] = 0
        return found

    def _rarity(self, words: WordList, fewer: NDArray[np.integer] | int = 0) -> Floats:
        """Return the weights of words, which add up to 1.

        Args:
            words: at least one.
            fewer: entries of those that have each word that are not there.
        """
        entries = np.array([self._entries_with[self._place[word]] if word in self._place else 0 for word in words])
        others = np.array([self._others_with[word] for word in words])
        weights = np.log((1 + self._texts) / (1 + entries - fewer + others)) + _LEAST_RARITY
        shares: Floats = (weights / weights.sum()).astype(np.float32)
        return shares


def _centred(similarities: Floats, ignored: NDArray[np.bool_] | None = None) -> Floats:
    """Return the weighted similarities above their mean, so that nothing is added to all entries alike."""
    if ignored is None:
        means = similarities.mean(1, keepdims=True)
    else:
        kept = np.maximum(1, (~ignored).sum(1, keepdims=True))
        means = np.where(ignored, 0, similarities).sum(1, keepdims=True) / kept
    values: Floats = _SHARE * (similarities - means)
    return values

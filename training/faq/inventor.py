"""Any number of questions, made from the words of known ones.

Many are nonsense, as many of people's questions are foreign; a ``teacher`` decides what they ask for.

This module knows no topic and no classifier.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

_MOST_WORDS = 12
"""Words in a question of random words."""


class Inventor:
    """Makes questions from the words of ``wordings``."""

    def __init__(self, wordings: Iterable[str]) -> None:
        self._wordings = [wording.split() for wording in wordings]
        self._words = [word for wording in self._wordings for word in wording]

    def invent(self, rng: random.Random) -> str:
        """Return a part of a wording, half of the time with random words; or parts of two; or random words
        only."""
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

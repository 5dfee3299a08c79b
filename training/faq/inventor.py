"""Questions without end, made out of the words of those that are known.

Many are nonsense, as many questions of people are foreign: what they ask for is for a ``teacher`` to say.

This module knows no topic and no classifier.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

_MOST_WORDS = 12
"""Of a question that is made of stray words."""


class Inventor:
    """Makes questions out of the words of ``wordings``."""

    def __init__(self, wordings: Iterable[str]) -> None:
        self._wordings = [wording.split() for wording in wordings]
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

"""What texts are compared by: the meaning in a sentence vector, and the letters in character n-grams.

The vector finds other words for the same thing; the n-grams keep apart what an encoder thinks alike, such as two
product names, and forgive typing errors. The similarity of two texts is the weighted mean of both cosines.

This module knows no entries and no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float32]

GRAMS_SHARE = 0.33
"""Weight of the n-grams beside a sentence vector: scaled by .7, so by .49 in a product; .49 / 1.49. The best on
paraphrases of product FAQs of .25, .49 and 1; the curve is flat."""

_GRAM_LENGTHS = (2, 4)
_GRAM_BUCKETS = 2**18
"""N-grams are hashed: 100,000 questions have some 60,000 different ones, so few share a bucket."""

_LONGEST = 2_000
"""Characters of a text that are looked at; the rest of a longer one says nothing that the beginning doesn't."""


class TextEncoder(Protocol):
    """What is needed of a sentence encoder."""

    @property
    def digest(self) -> str:
        """What decides the vectors; only vectors of one digest can be compared."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return a unit vector for each text, ``[n, dimensions]``."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Texts as they are compared.

    Attributes:
        vectors: unit rows ``[n, d]``; ``d`` is 0 without an encoder.
        grams: unit rows ``[n, buckets]``, sparse.
    """

    vectors: Floats
    grams: csr_array

    def __len__(self) -> int:
        """Return the number of texts."""
        return int(self.grams.shape[0])

    def take(self, rows: Any) -> Features:
        """Return some rows."""
        return Features(self.vectors[rows], self.grams[rows])

    def similarities(self, others: Features) -> Floats:
        """Return the similarity of each text to each of the others, ``[n, m]``, from -1 to 1."""
        grams: Floats = (self.grams @ others.grams.T).toarray()
        if not self.vectors.shape[1]:
            return grams
        meant: Floats = self.vectors @ others.vectors.T
        meant *= 1 - GRAMS_SHARE
        grams *= GRAMS_SHARE
        meant += grams
        return meant


def join(*parts: Features) -> Features:
    """Return the rows of all parts, one after the other."""
    from scipy.sparse import vstack

    return Features(np.vstack([part.vectors for part in parts]), vstack([part.grams for part in parts], "csr"))


class Grams:
    """Character n-grams inside of words, weighted by how rare they are among the texts that it was made of.

    Args:
        texts: of which rarity is learned; at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # scikit-learn takes .7 s to import, so only a bot with knowledge pays for it.
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        self._hashing = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=_GRAM_LENGTHS,
            n_features=_GRAM_BUCKETS,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        self._weights = TfidfTransformer(sublinear_tf=True)
        self.of_texts: csr_array = self._weigh(self._weights.fit, texts)
        """Of the texts themselves."""

    def of(self, texts: Sequence[str]) -> csr_array:
        """Return the unit rows of some texts."""
        return self._weigh(lambda counts: self._weights, texts)

    def _weigh(self, fit: Any, texts: Sequence[str]) -> csr_array:
        from scipy.sparse import csr_array

        if not texts:  # which scikit-learn has no counts of
            return csr_array((0, _GRAM_BUCKETS), dtype=np.float32)
        counts = self._hashing.transform([text[:_LONGEST] for text in texts])
        return csr_array(fit(counts).transform(counts).astype(np.float32))

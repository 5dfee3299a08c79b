"""What texts are compared by: the meaning in a sentence vector, and the letters in character n-grams.

The vector finds other words for the same thing; the n-grams keep apart what an encoder thinks alike, such as two
product names, and forgive typing errors. The similarity of two texts is the weighted mean of both cosines.

This module knows no entries and no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float32]
Tokens = NDArray[np.int8]
"""Unit vectors of a text's tokens, in 127ths, ``[tokens, width]``."""

GRAMS_SHARE = 0.33
"""Weight of the n-grams beside a sentence vector: scaled by .7, so by .49 in a product; .49 / 1.49. The best on
paraphrases of product FAQs of .25, .49 and 1; the curve is flat."""

_GRAM_LENGTHS = (2, 4)
_GRAM_BUCKETS = 2**18
_GRAM_SHIFT = np.uint64(64 - 18)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, Knuth's choice for hashing
_SPACE = np.uint64(ord(" "))
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

    @property
    def token_width(self) -> int:
        """Numbers in the vector of a token."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return a unit vector for each text, ``[n, dimensions]``."""

    def is_word(self, word: str) -> bool:
        """Return whether it knows a word as a whole, not only its pieces."""

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[Floats, list[Tokens]]:
        """Return ``encode``, and what each token means in its text; in the time of the former."""


@dataclass(frozen=True, eq=False)
class Features:
    """Texts as they are compared.

    Attributes:
        vectors: unit rows ``[n, d]``; ``d`` is 0 without an encoder.
        grams: unit rows ``[n, buckets]``, sparse.
        tokens: of each text; none where they are not compared.
    """

    vectors: Floats
    grams: csr_array
    tokens: tuple[Tokens, ...] = ()

    def __len__(self) -> int:
        """Return the number of texts."""
        return int(self.grams.shape[0])

    @cached_property
    def postings(self) -> csr_array:
        """The n-grams by text instead of the texts by n-gram: made once, since each comparison needs it."""
        return self.grams.T.tocsr()

    def take(self, rows: Any) -> Features:
        """Return some rows."""
        tokens = tuple(self.tokens[row] for row in rows) if self.tokens else ()
        return Features(self.vectors[rows], self.grams[rows], tokens)

    def products(self, others: Features) -> tuple[Floats | None, Floats]:
        """Return the cosines of the vectors, None without an encoder, and of the n-grams, each ``[n, m]``."""
        letters: Floats = (self.grams @ others.postings).toarray()
        return (self.vectors @ others.vectors.T if self.vectors.shape[1] else None), letters

    def similarities(self, others: Features) -> Floats:
        """Return the similarity of each text to each of the others, ``[n, m]``, from -1 to 1."""
        meant, letters = self.products(others)
        return letters if meant is None else mixed(meant, letters)


def mixed(meant: Floats, letters: Floats) -> Floats:
    """Return the weighted mean of the similarities of vectors and of n-grams; both are used up."""
    meant *= 1 - GRAMS_SHARE
    letters *= GRAMS_SHARE
    meant += letters
    return meant


def join(*parts: Features) -> Features:
    """Return the rows of all parts, one after the other."""
    from scipy.sparse import vstack

    return Features(np.vstack([part.vectors for part in parts]), vstack([part.grams for part in parts], "csr"))


class Grams:
    """Character n-grams inside of words, weighted by how rare they are among the texts that it was made of.

    The weights are TF-IDF with logarithmic counts, as scikit-learn computes them. It is not used here, because its
    import takes a second or two of a start, and counting is four times as fast on whole arrays.

    Args:
        texts: of which rarity is learned; at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = _count(texts)
        held_by = np.bincount(counts.indices, minlength=_GRAM_BUCKETS)
        self._rarity = (np.log((1 + len(texts)) / (1 + held_by)) + 1).astype(np.float32)
        self.of_texts: csr_array = self._weighted(counts)
        """Of the texts themselves."""

    def of(self, texts: Sequence[str]) -> csr_array:
        """Return the unit rows of some texts."""
        return self._weighted(_count(texts))

    def _weighted(self, counts: csr_array) -> csr_array:
        counts.data = (1 + np.log(counts.data)) * self._rarity[counts.indices]
        lengths = np.sqrt(counts.multiply(counts).sum(axis=1))
        counts.data /= np.repeat(np.maximum(lengths, np.finfo(np.float32).tiny), np.diff(counts.indptr))
        return counts


def _count(texts: Sequence[str]) -> csr_array:
    """Return how often each n-gram is in each text, ``[n, buckets]``."""
    from scipy.sparse import coo_array

    padded = [f" {' '.join(text[:_LONGEST].lower().split())} " for text in texts]
    letters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in padded])
    rows, buckets = [], []
    for length in range(_GRAM_LENGTHS[0], _GRAM_LENGTHS[1] + 1):
        last = max(0, len(letters) - length + 1)
        whole = owners[:last] == owners[len(owners) - last :]
        code = np.zeros(last, np.uint64)
        for place in range(length):
            part = letters[place : place + last]
            code = code * _MULTIPLIER + part
            if 0 < place < length - 1:
                whole &= part != _SPACE
        rows.append(owners[:last][whole])
        # The highest bits of a product with an odd number are those that all letters have a say in.
        buckets.append((code[whole] * _MULTIPLIER >> _GRAM_SHIFT).astype(np.int32))
    row, bucket = np.concatenate(rows), np.concatenate(buckets)
    ones = np.ones(len(row), np.float32)
    return coo_array((ones, (row, bucket)), shape=(len(texts), _GRAM_BUCKETS)).tocsr()

"""The encoder at work: texts in, unit vectors out, from any thread.

Each of two requests computes on one thread: a question asked while thousands of texts are encoded by another
caller takes the second one and does not wait for them. Texts of like length share a batch, so little is padded.

This module knows no files. Encoders that want a prompt before the text, such as E5, get it from the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

if TYPE_CHECKING:
    import openvino as ov

REQUESTS = 2
"""One for whoever encodes many texts, and one for the question that is asked meanwhile."""

_BATCH_TOKENS = 512
"""Tokens of a batch, padding included: larger batches were no faster, and memory grows with them."""

_PASS_TOKENS = 8
"""Tokens of padding that cost about as much as another pass, which reads all weights: that took 4.2 ms on a busy
core with AVX2, and each token .65."""

_STEP = 8
"""Lengths are padded to multiples of it: OpenVINO prepares, and remembers, each shape that it meets."""


class Encoder:
    """A sentence encoder that is ready.

    Args:
        compiled: graph from ``input_ids`` and ``attention_mask`` to ``vectors``.
        tokenizer: with truncation and without padding; it belongs to this object from now on.
        table: the vectors of the tokens that the graph begins with, ``[vocabulary, dimensions]``.
        digest: see below.
        dimensions: see below.
        tokens: that are read of a text at most.

    Attributes:
        digest: SHA-256, in hex, of all that decides what the vectors are. Only vectors of one digest can be
            compared.
        dimensions: numbers in a vector.
    """

    def __init__(
        self,
        compiled: ov.CompiledModel,
        tokenizer: Tokenizer,
        table: NDArray[np.float16],
        *,
        digest: str,
        dimensions: int,
        tokens: int,
    ) -> None:
        self.digest = digest
        self.dimensions = dimensions
        self._tokenizer = tokenizer
        self._table = table
        self._centre: NDArray[np.float32] = table.mean(0, dtype=np.float32)
        self._tokens = tokens
        self._requests: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(REQUESTS):
            self._requests.put(compiled.create_infer_request())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text; blocks while it computes.

        Args:
            texts: of any length; what exceeds the encoder's tokens is not read.

        Returns:
            ``[len(texts), dimensions]``, each row of length 1.
        """
        rows = [self._ids(text) for text in texts]
        vectors = np.empty((len(rows), self.dimensions), dtype=np.float32)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        for batch in self._batches(rows, order):
            vectors[batch] = self._infer([rows[row] for row in batch])
        return _unit(vectors)

    def is_word(self, word: str) -> bool:
        """Return whether it knows a word as a whole, not only its pieces."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) == 1

    def word_vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector for each word by itself, of the pieces that the graph would begin with.

        Returns:
            ``[len(words), dimensions]``, each row of length 1, or 0 where a word has no pieces. What all pieces
            have in common is taken away: it makes any two words alike.
        """
        pieces = [self._tokenizer.encode(word, add_special_tokens=False).ids for word in words]
        vectors = np.zeros((len(words), self.dimensions), dtype=np.float32)
        owners = np.repeat(np.arange(len(words)), [len(ids) for ids in pieces])
        np.add.at(vectors, owners, self._table[[place for ids in pieces for place in ids]] - self._centre)
        return _unit(vectors)

    def _ids(self, text: str) -> list[int]:
        # Half a surrogate pair, which JSON can carry, is no text; the tokenizer would refuse it.
        ids: list[int] = self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8")).ids
        return ids

    def _batches(self, rows: list[list[int]], order: list[int]) -> list[list[int]]:
        batches: list[list[int]] = []
        for row in order:
            length = self._padded(rows[row])
            # The last row of a batch is its longest.
            last = batches[-1] if batches else []
            padding = len(last) * (length - self._padded(rows[last[-1]])) if last else 0
            if not last or padding > _PASS_TOKENS or (len(last) + 1) * length > _BATCH_TOKENS:
                batches.append([])
            batches[-1].append(row)
        return batches

    def _padded(self, ids: list[int]) -> int:
        return min(-(-len(ids) // _STEP) * _STEP, self._tokens)

    def _infer(self, rows: list[list[int]]) -> NDArray[np.float32]:
        ids = np.zeros((len(rows), self._padded(rows[-1])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, given in enumerate(rows):
            ids[row, : len(given)] = given
            mask[row, : len(given)] = 1
        request = self._requests.get()
        try:
            request.infer({"input_ids": ids, "attention_mask": mask})
            vectors: NDArray[np.float32] = request.get_tensor("vectors").data.copy()
        finally:
            self._requests.put(request)
        return vectors


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normed: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return normed

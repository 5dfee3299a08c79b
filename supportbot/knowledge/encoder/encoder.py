"""The encoder at work: texts in, unit vectors out, of texts and of their tokens, from any thread.

Each of two requests computes on one thread: a question asked while thousands of texts are encoded by another
caller takes the second one and does not wait for them. Texts of like length share a batch, so little is padded.

This module knows no files. Encoders that want a prompt before the text, such as E5, get it from the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

_TOKEN_WIDTH = 96
"""Numbers in the vector of a token; see ``docs/decisions.md`` for what fewer cost."""


class Encoder:
    """A sentence encoder that is ready.

    Args:
        compiled: graph from ``input_ids`` and ``attention_mask`` to ``vectors`` and ``tokens``.
        tokenizer: with truncation and without padding; it belongs to this object from now on.
        digest: see below.
        dimensions: see below.
        tokens: that are read of a text at most.

    Attributes:
        digest: SHA-256, in hex, of all that decides what the vectors are. Only vectors of one digest can be
            compared.
        dimensions: numbers in a vector.
        token_width: numbers in the vector of a token.
    """

    def __init__(
        self,
        compiled: ov.CompiledModel,
        tokenizer: Tokenizer,
        *,
        digest: str,
        dimensions: int,
        tokens: int,
    ) -> None:
        self.digest = digest
        self.dimensions = dimensions
        self._tokenizer = tokenizer
        self.token_width = min(dimensions, _TOKEN_WIDTH)
        self._axes = _drawn_axes(dimensions, self.token_width)
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
        return self._encoded(texts, lambda row, hidden: None)

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[NDArray[np.int8]]]:
        """Return ``encode``, and what each token means in its text, from one pass.

        Returns:
            The vectors, and for each text ``[tokens, token_width]``: unit vectors in 127ths, along fewer axes that
            were drawn and roughly keep their products. The tokens that open and close a text are left out.
        """
        tokens: dict[int, NDArray[np.int8]] = {}
        vectors = self._encoded(texts, lambda row, hidden: tokens.update({row: self._shortened(hidden)}))
        return vectors, [tokens[row] for row in range(len(texts))]

    def _encoded(
        self, texts: Sequence[str], take: Callable[[int, NDArray[np.float32]], None]
    ) -> NDArray[np.float32]:
        rows = [self._ids(text) for text in texts]
        vectors = np.empty((len(rows), self.dimensions), dtype=np.float32)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        for batch in self._batches(rows, order):
            vectors[batch], hidden = self._infer([rows[row] for row in batch])
            for place, row in enumerate(batch):
                take(row, hidden[place, 1 : len(rows[row]) - 1])
        return _unit(vectors)

    def _shortened(self, hidden: NDArray[np.float32]) -> NDArray[np.int8]:
        return np.rint(127 * _unit(hidden @ self._axes)).astype(np.int8)

    def is_word(self, word: str) -> bool:
        """Return whether it knows a word as a whole, not only its pieces."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) == 1

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

    def _infer(self, rows: list[list[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ids = np.zeros((len(rows), self._padded(rows[-1])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, given in enumerate(rows):
            ids[row, : len(given)] = given
            mask[row, : len(given)] = 1
        request = self._requests.get()
        try:
            request.infer({"input_ids": ids, "attention_mask": mask})
            return request.get_tensor("vectors").data.copy(), request.get_tensor("tokens").data.copy()
        finally:
            self._requests.put(request)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normed: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return normed


def _drawn_axes(dimensions: int, width: int) -> NDArray[np.float32]:
    """Return orthonormal axes, ``[dimensions, width]``: always the same, as vectors along them are kept."""
    source = np.random.RandomState(0)  # whose numbers no version of numpy changes, unlike those of a Generator
    axes, _ = np.linalg.qr(source.standard_normal((dimensions, width)))
    return axes.astype(np.float32)

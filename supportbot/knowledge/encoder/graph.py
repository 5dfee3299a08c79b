"""BERT with pooling as an OpenVINO graph, built from the tensors of a folder operation by operation.

Weights are kept in fp16 and the arithmetic is fp32, so a vector is the same on every processor and whatever texts
are encoded beside it, up to the last digits. The matrices of query, key and value are joined to one product.

This module knows no files and no tokens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import Node, opset13

from supportbot.engine.openvino.weights import Tensors
from supportbot.knowledge.encoder.settings import EncoderSettings

_PREFIX = "bert."
"""Of tensors that were saved as part of a larger model."""


def build_graph(settings: EncoderSettings, tensors: Tensors) -> ov.Model:
    """Return the encoder as a graph.

    Returns:
        A model from ``input_ids`` and ``attention_mask`` (each ``[B, T]``, i64) to ``vectors`` (``[B, D]``, f32)
        and ``tokens`` (``[B, T, D]``, f32), neither of them normalised.

    Raises:
        ModelError: a tensor is missing or damaged; its text is half a sentence.
    """
    return _Builder(settings, tensors).build()


class _Builder:
    """Holds what all parts of the graph are made of."""

    def __init__(self, settings: EncoderSettings, tensors: Tensors) -> None:
        self._settings = settings
        self._tensors = tensors
        self._prefix = _PREFIX if f"{_PREFIX}embeddings.word_embeddings.weight" in tensors else ""
        self._input_ids = _parameter("input_ids")
        self._attention_mask = _parameter("attention_mask")
        given = opset13.convert(self._attention_mask, ov.Type.boolean)
        self._mask = opset13.unsqueeze(given, _integers([1, 2]))

    def build(self) -> ov.Model:
        hidden = self._embedded()
        for layer in range(self._settings.layers):
            hidden = self._block(hidden, f"encoder.layer.{layer}.")
        vectors = self._pooled(hidden)
        vectors.output(0).get_tensor().set_names({"vectors"})
        hidden.output(0).get_tensor().set_names({"tokens"})
        return ov.Model(
            [opset13.result(vectors), opset13.result(hidden)], [self._input_ids, self._attention_mask], "bert"
        )

    def _embedded(self) -> Node:
        settings = self._settings
        length = opset13.gather(opset13.shape_of(self._input_ids, "i64"), _integer(1), _integer(0))
        places = opset13.range(_integer(0), length, _integer(1), ov.Type.i64)
        words = self._get("embeddings.word_embeddings.weight", settings.vocabulary, settings.width)
        positions = self._get("embeddings.position_embeddings.weight", settings.positions, settings.width)
        types = self._get("embeddings.token_type_embeddings.weight", settings.types, settings.width)
        # All tokens have type 0, whose vector can as well be part of every place.
        positions = positions.astype(np.float32) + types[0].astype(np.float32)
        hidden = opset13.add(
            opset13.gather(_matrix(words), self._input_ids, _integer(0)),
            opset13.gather(opset13.constant(positions), places, _integer(0)),
        )
        return self._norm(hidden, "embeddings.LayerNorm.")

    def _block(self, hidden: Node, name: str) -> Node:
        width, inner = self._settings.width, self._settings.inner
        attended = self._linear(self._attention(hidden, name), f"{name}attention.output.dense.", width, width)
        hidden = self._norm(opset13.add(hidden, attended), f"{name}attention.output.LayerNorm.")
        inside = opset13.gelu(self._linear(hidden, f"{name}intermediate.dense.", width, inner), "erf")
        outside = self._linear(inside, f"{name}output.dense.", inner, width)
        return self._norm(opset13.add(hidden, outside), f"{name}output.LayerNorm.")

    def _attention(self, hidden: Node, name: str) -> Node:
        width, heads = self._settings.width, self._settings.heads
        names = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
        weights = np.concatenate([self._get(f"{part}weight", width, width) for part in names])
        biases = np.concatenate([self._get(f"{part}bias", width) for part in names])
        joined = opset13.add(opset13.matmul(hidden, _matrix(weights), False, True), _vector(biases))
        parts = opset13.split(joined, _integer(2), 3)
        query, key, value = (
            opset13.transpose(
                opset13.reshape(parts.output(part), _integers([0, 0, heads, width // heads]), True),
                _integers([0, 2, 1, 3]),
            )
            for part in range(3)
        )
        mixed = opset13.scaled_dot_product_attention(query, key, value, self._mask)
        return opset13.reshape(opset13.transpose(mixed, _integers([0, 2, 1, 3])), _integers([0, 0, width]), True)

    def _pooled(self, hidden: Node) -> Node:
        if self._settings.cls:
            return opset13.gather(hidden, _integer(0), _integer(1))
        given = opset13.unsqueeze(opset13.convert(self._attention_mask, ov.Type.f32), _integers([2]))
        summed = opset13.reduce_sum(opset13.multiply(hidden, given), _integers([1]))
        return opset13.divide(summed, opset13.reduce_sum(given, _integers([1])))

    def _linear(self, hidden: Node, name: str, inputs: int, outputs: int) -> Node:
        weights = _matrix(self._get(f"{name}weight", outputs, inputs))
        return opset13.add(opset13.matmul(hidden, weights, False, True), self._weight(f"{name}bias"))

    def _norm(self, hidden: Node, name: str) -> Node:
        normed = opset13.mvn(hidden, _integers([-1]), True, self._settings.epsilon, "inside_sqrt")
        return opset13.add(opset13.multiply(normed, self._weight(f"{name}weight")), self._weight(f"{name}bias"))

    def _weight(self, name: str) -> Node:
        outputs = self._settings.inner if name.endswith("intermediate.dense.bias") else self._settings.width
        return _vector(self._get(name, outputs))

    def _get(self, name: str, *shape: int) -> NDArray[np.float16]:
        return self._tensors.get(self._prefix + name, *shape)


def _matrix(values: NDArray[Any]) -> Node:
    """Keep a matrix in fp16; the processor's own plugin unpacks it, once, when it compiles the graph."""
    return opset13.convert(opset13.constant(values), ov.Type.f32)


def _vector(values: NDArray[Any]) -> Node:
    return opset13.constant(values.astype(np.float32))


def _parameter(name: str) -> Node:
    parameter = opset13.parameter([-1, -1], ov.Type.i64, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def _integer(value: int) -> Node:
    return opset13.constant(np.int64(value))


def _integers(values: list[int]) -> Node:
    return opset13.constant(np.array(values, dtype=np.int64))

"""GPT-2 as an OpenVINO graph, built from the tensors of a model directory operation by operation.

The graph equals what a converter would trace, but building it needs no torch. Its keys and values are a state, in
the form that the library converts to paged attention.

This module knows no files and no directories.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import Node, Output, opset13
from openvino.op import util

from supportbot.engine.openvino.shape import Shape
from supportbot.engine.openvino.weights import Tensors

_STEPS = 127
"""On either side of 0 in int8."""


def build_graph(shape: Shape, tensors: Tensors, *, int8: bool) -> ov.Model:
    """Return the model as a graph with a state.

    Args:
        shape: of the model.
        tensors: by their names in the safetensors file.
        int8: round the weights of matrices, those of each output to 127 steps on either side of 0.

    Returns:
        A model from ``input_ids``, ``attention_mask``, ``position_ids`` (each ``[B, T]``, i64; the mask ``[B, S]``
        over past and present tokens) and ``beam_idx`` (``[B]``, i32) to ``logits`` (``[B, T, V]``, f32).

    Raises:
        ModelError: a tensor is missing or damaged; its text is half a sentence.
    """
    return _Builder(shape, tensors, int8=int8).build()


class _Builder:
    """Holds what all parts of the graph use."""

    def __init__(self, shape: Shape, tensors: Tensors, *, int8: bool) -> None:
        self._shape = shape
        self._tensors = tensors
        self._int8 = int8
        self._prefix = "transformer." if "transformer.wte.weight" in tensors else ""
        self._sinks: list[Node] = []
        self._input_ids = _parameter("input_ids", [-1, -1], ov.Type.i64)
        self._attention_mask = _parameter("attention_mask", [-1, -1], ov.Type.i64)
        self._position_ids = _parameter("position_ids", [-1, -1], ov.Type.i64)
        self._beam_idx = _parameter("beam_idx", [-1], ov.Type.i32)
        self._batch = opset13.gather(_shape_of(self._input_ids), _integers([0]), _integer(0))
        self._mask = self._causal_mask()

    def build(self) -> ov.Model:
        shape = self._shape
        table = (shape.vocabulary, shape.width)
        embedding = self._matrix(f"{self._prefix}wte.weight", *table, inputs=1)
        tokens = opset13.gather(embedding, self._input_ids, _integer(0))
        places = opset13.gather(
            self._weight("wpe.weight", shape.positions, shape.width), self._position_ids, _integer(0)
        )
        hidden = opset13.add(tokens, places)
        for layer in range(shape.layers):
            hidden = self._block(hidden, f"h.{layer}.", layer)
        hidden = self._norm(hidden, "ln_f.")
        head = embedding if shape.tied else self._matrix("lm_head.weight", *table, inputs=1)
        logits = opset13.matmul(hidden, head, False, True)
        logits.output(0).get_tensor().set_names({"logits"})
        inputs = [self._input_ids, self._attention_mask, self._position_ids, self._beam_idx]
        return ov.Model([opset13.result(logits)], self._sinks, inputs, "gpt2")

    def _block(self, hidden: Node, name: str, layer: int) -> Node:
        width, inside = self._shape.width, self._shape.inner
        attended = self._attention(self._norm(hidden, f"{name}ln_1."), f"{name}attn.", layer)
        hidden = opset13.add(hidden, attended)
        inner = self._linear(self._norm(hidden, f"{name}ln_2."), f"{name}mlp.c_fc.", width, inside)
        inner = opset13.gelu(inner, self._shape.activation)
        return opset13.add(hidden, self._linear(inner, f"{name}mlp.c_proj.", inside, width))

    def _attention(self, hidden: Node, name: str, layer: int) -> Node:
        width = self._shape.width
        parts = opset13.split(self._linear(hidden, f"{name}c_attn.", width, 3 * width), _integer(2), 3)
        query, key, value = (self._heads(parts.output(part)) for part in range(3))
        key = self._with_past(key, f"past_key_values.{layer}.key", f"present.{layer}.key")
        value = self._with_past(value, f"past_key_values.{layer}.value", f"present.{layer}.value")
        mixed = opset13.scaled_dot_product_attention(query, key, value, self._mask)
        mixed = opset13.transpose(mixed, _integers([0, 2, 1, 3]))
        joined = opset13.reshape(mixed, _integers([0, 0, width]), True)
        return self._linear(joined, f"{name}c_proj.", width, width)

    def _heads(self, part: Output) -> Node:
        """``[B, T, width]`` to ``[B, heads, T, head_width]``."""
        split = opset13.reshape(part, _integers([0, 0, self._shape.heads, self._shape.head_width]), True)
        return opset13.transpose(split, _integers([0, 2, 1, 3]))

    def _with_past(self, present: Node, past_name: str, present_name: str) -> Node:
        """Append to a state and return all of it; the state is empty in the beginning."""
        heads, width = self._shape.heads, self._shape.head_width
        empty = opset13.concat([self._batch, _integers([heads]), _integers([0]), _integers([width])], 0)
        initial = opset13.broadcast(opset13.constant(np.float32(0)), empty)
        info = util.VariableInfo()
        info.data_shape = ov.PartialShape([-1, heads, -1, width])
        info.data_type = ov.Type.f32
        info.variable_id = past_name + present_name
        variable = util.Variable(info)
        past = opset13.read_value(initial, variable)
        chosen = opset13.gather(past, self._beam_idx, _integer(0))
        whole = opset13.concat([chosen, present], 2)
        self._sinks.append(opset13.assign(whole, variable))
        return whole

    def _causal_mask(self) -> Node:
        """``[B, 1, T, S]``, true where a token may look."""
        asked = opset13.gather(_shape_of(self._input_ids), _integer(1), _integer(0))
        known = opset13.gather(_shape_of(self._attention_mask), _integer(1), _integer(0))
        keys = opset13.range(_integer(0), known, _integer(1), ov.Type.i64)
        queries = opset13.range(opset13.subtract(known, asked), known, _integer(1), ov.Type.i64)
        causal = opset13.less_equal(keys, opset13.unsqueeze(queries, _integer(1)))
        given = opset13.convert(self._attention_mask, ov.Type.boolean)
        return opset13.logical_and(causal, opset13.unsqueeze(given, _integers([1, 2])))

    def _linear(self, hidden: Node, name: str, inputs: int, outputs: int) -> Node:
        # GPT-2 stores these transposed, [in, out].
        weights = self._matrix(f"{self._prefix}{name}weight", inputs, outputs, inputs=0)
        return opset13.add(opset13.matmul(hidden, weights, False, False), self._weight(f"{name}bias", outputs))

    def _norm(self, hidden: Node, name: str) -> Node:
        normed = opset13.mvn(hidden, _integers([-1]), True, self._shape.epsilon, "inside_sqrt")
        scale, shift = (self._weight(f"{name}{part}", self._shape.width) for part in ("weight", "bias"))
        return opset13.add(opset13.multiply(normed, scale), shift)

    def _matrix(self, name: str, *shape: int, inputs: int) -> Node:
        """``inputs`` is the axis over which products are summed up."""
        tensor = self._tensors.get(name, *shape)
        return _rounded(tensor, inputs) if self._int8 else _constant(tensor)

    def _weight(self, name: str, *shape: int) -> Node:
        return _constant(self._tensors.get(self._prefix + name, *shape))


def _constant(tensor: NDArray[Any]) -> Node:
    return opset13.constant(tensor.astype(np.float32))


def _rounded(tensor: NDArray[Any], inputs: int) -> Node:
    """Return the form that OpenVINO knows as compressed weights: ``i8 * scale``.

    Steps are symmetric around 0. With a zero point, which fits a lopsided row better, unpacking a weight takes one
    operation more, and where a step does little else than unpack weights it took a quarter longer.
    """
    weights = tensor.astype(np.float32)
    highest = np.abs(weights).max(axis=inputs, keepdims=True)
    scale = np.maximum(highest / _STEPS, np.finfo(np.float16).tiny).astype(np.float16)
    steps = np.rint(weights / scale).clip(-_STEPS, _STEPS)
    codes = opset13.convert(opset13.constant(steps.astype(np.int8)), ov.Type.f16)
    return opset13.convert(opset13.multiply(codes, opset13.constant(scale)), ov.Type.f32)


def _parameter(name: str, shape: list[int], kind: ov.Type) -> Node:
    parameter = opset13.parameter(shape, kind, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def _shape_of(node: Node) -> Node:
    return opset13.shape_of(node, "i64")


def _integer(value: int) -> Node:
    return opset13.constant(np.int64(value))


def _integers(values: list[int]) -> Node:
    return opset13.constant(np.array(values, dtype=np.int64))

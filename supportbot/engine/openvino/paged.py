"""A graph with paged attention, its cache of keys and values, and one step of it.

A step takes segments of any number of texts, each with its own past: a new prompt, the last token of an answer, or
that token and a few drafted ones. Their keys and values stay in the text's blocks of the cache, at the segment's
positions; a position whose draft was wrong is written again.

This module knows tokens and blocks, but no requests, and it does not choose tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13
from openvino._offline_transformations import paged_attention_transformation

from supportbot.engine.openvino.layout import GRAPH
from supportbot.engine.openvino.messages import BLOCK_TOKENS, Precision

DEVICE = "CPU"

_CACHES = ("key_cache.", "value_cache.")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive tokens of one text that are computed in a step.

    Attributes:
        token_ids: at least one.
        past: tokens of the text before them, whose keys and values are in the cache.
        blocks: of the cache, in the order of the text; enough for past and tokens.
        wanted: number of last tokens for which the next token's logits are returned.
    """

    token_ids: NDArray[np.int64]
    past: int
    blocks: NDArray[np.int32]
    wanted: int


class PagedModel:
    """An exported model and a cache of fixed size. One thread at a time may use it.

    Args:
        directory: an export, see ``engine.openvino.export``.
        precision: see ``messages.Load``.
        blocks: of the cache, each for ``BLOCK_TOKENS`` tokens. Memory is taken as they are used.

    Raises:
        RuntimeError: there is no such export, or it is damaged.
    """

    def __init__(self, directory: Path, precision: Precision, blocks: int) -> None:
        core = ov.Core()
        model = core.read_model(directory / GRAPH)
        width = _choose_rows(model)
        add_log_sums(model)
        compiled = core.compile_model(model, DEVICE, _properties(precision, width))
        self._request = compiled.create_infer_request()
        self._inputs: dict[str, NDArray[np.integer]] = {}
        self._caches: list[NDArray[np.unsignedinteger]] = []
        for port in compiled.inputs:
            if port.get_any_name().startswith(_CACHES):
                shape = [blocks, *(size.get_length() for size in list(port.get_partial_shape())[1:])]
                # numpy's zeros take no memory before they are written; the cache must not contain NaN. It does not
                # know all kinds of numbers, but their sizes.
                cache = np.zeros(shape, f"u{port.get_element_type().size}")
                self._request.set_tensor(port, ov.Tensor(cache, shape, port.get_element_type()))
                self._caches.append(cache)
        self.precision = _name(precision, compiled.get_property("INFERENCE_PRECISION_HINT"))
        """The arithmetic, for the record: ``fp32``, ``bf16`` or ``int8``."""

    def forward(self, segments: Sequence[Segment]) -> tuple[Floats, Floats]:
        """Compute a step.

        Args:
            segments: of different texts, at least one.

        Returns:
            ``[sum of wanted, vocabulary]`` logits in the order of the segments, and ``[sum of wanted]`` logarithms
            of the sums of their exponentials. The caller may change them; the next step overwrites them.

        Raises:
            RuntimeError: the library failed.
        """
        begins = np.cumsum([0, *(len(segment.token_ids) for segment in segments)])
        lengths = [segment.past + len(segment.token_ids) for segment in segments]
        used = [-(-length // BLOCK_TOKENS) for length in lengths]
        places = [np.arange(segment.past, length) for segment, length in zip(segments, lengths, strict=True)]
        rows = [np.arange(end - segment.wanted, end) for segment, end in zip(segments, begins[1:], strict=True)]
        self._set("input_ids", np.concatenate([segment.token_ids for segment in segments]), np.int64)
        self._set("position_ids", np.concatenate(places), np.int64)
        self._set("rows", np.concatenate(rows), np.int64)
        self._set("past_lens", np.array([segment.past for segment in segments]), np.int32)
        self._set("subsequence_begins", begins, np.int32)
        self._set("block_indices_begins", np.cumsum([0, *used]), np.int32)
        blocks = [segment.blocks[:count] for segment, count in zip(segments, used, strict=True)]
        self._set("block_indices", np.concatenate(blocks), np.int32)
        self._set("max_context_len", np.array(max(lengths)), np.int32)
        self._request.infer()
        logits, log_sums = (self._request.get_output_tensor(place).data for place in range(2))
        return logits.reshape(len(logits), -1), log_sums.reshape(-1)

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of one block to another: texts with the same beginning share keys and values."""
        for cache in self._caches:
            cache[target, :, :tokens] = cache[source, :, :tokens]

    def _set(self, name: str, values: NDArray[np.integer], kind: type[np.integer]) -> None:
        # From step to step most inputs keep their shape: filling a tensor takes a tenth of passing another one.
        known = self._inputs.get(name)
        if known is not None and known.shape == values.shape:
            known[...] = values
            return
        tensor = ov.Tensor(values.astype(kind))
        self._request.set_tensor(name, tensor)
        self._inputs[name] = tensor.data


def _choose_rows(model: ov.Model) -> int:
    """Make the attention of a graph paged, and have it return the logits of ``rows`` only; return its width."""
    paged_attention_transformation(model)
    head = model.get_results()[0].input_value(0).get_node()
    while head.get_type_name() != "MatMul":
        head = head.input_value(0).get_node()
    hidden = head.input_value(0)
    rows = opset13.parameter([-1], ov.Type.i64, name="rows")
    rows.output(0).get_tensor().set_names({"rows"})
    head.input(0).replace_source_output(opset13.gather(hidden, rows, np.int64(0)).output(0))
    model.add_parameters([rows])
    model.validate_nodes_and_infer_types()
    width: int = hidden.get_partial_shape()[-1].get_length()
    return width


def add_log_sums(model: ov.Model) -> None:
    """Have a graph return the logarithm of the sum of exponentials of each row of logits, from all processors.

    It is not finite if a logit is NaN or infinite, which shows the caller a damaged model.
    """
    logits = model.output(0).get_node().input_value(0)
    last = np.array([-1])
    highest = opset13.reduce_max(logits, last, keep_dims=True)
    exponentials = opset13.exp(opset13.subtract(logits, highest))
    log_sums = opset13.add(opset13.log(opset13.reduce_sum(exponentials, last, keep_dims=True)), highest)
    model.add_results([opset13.result(log_sums)])


def _properties(precision: Precision, width: int) -> dict[str, str]:
    """Return the library's options.

    With int8 weights, the inputs of a product are rounded to 8 bits too, with one scale per row; one scale per 32
    numbers, the library's default, took a sixth longer at 32 at once. Everything else is then fp32, in the time of
    bf16. Keys and values are fp16: in the library's 8 bits a block has one scale for all tokens, so a token would
    change those before it, and fp16 takes the same time.
    """
    if precision == "fp32":
        return {
            "INFERENCE_PRECISION_HINT": "f32",
            "KV_CACHE_PRECISION": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        }
    if precision == "int8":
        return {
            "INFERENCE_PRECISION_HINT": "f32",
            "KV_CACHE_PRECISION": "f16",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(width),
        }
    return {"KV_CACHE_PRECISION": "f16"}


def _name(precision: Precision, hint: ov.Type) -> str:
    if precision == "int8":
        return "int8"
    return "bf16" if hint == ov.Type.bf16 else "fp32"

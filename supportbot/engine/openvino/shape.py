"""What the graph needs to know of a GPT-2 ``config.json``, and which models it is not built for.

This module imports nothing heavy, so that asking whether a model suits the engine costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supportbot.errors import ModelError

_ACTIVATIONS = {"gelu_new": "tanh", "gelu_pytorch_tanh": "tanh", "gelu_fast": "tanh", "gelu": "erf"}
"""Names of activations in GPT-2 models, and the approximation that each means."""

_UNSUPPORTED = {
    "scale_attn_by_inverse_layer_idx": False,
    "reorder_and_upcast_attn": False,
    "add_cross_attention": False,
    "scale_attn_weights": True,
}
"""Settings that change the arithmetic of attention, and the only value that the graph has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a GPT-2.

    Attributes:
        layers: number of blocks.
        heads: of attention, in each block.
        width: of the residual stream; a multiple of ``heads``.
        inner: width inside the feed-forward part of a block.
        vocabulary: number of tokens that can be embedded.
        positions: tokens of prompt and answer together at most.
        epsilon: of the layer norms.
        activation: approximation of GELU, ``tanh`` or ``erf``.
        tied: whether the head is the matrix that embeds tokens.
    """

    layers: int
    heads: int
    width: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float
    activation: str
    tied: bool

    @property
    def head_width(self) -> int:
        """Width of one head."""
        return self.width // self.heads


def parse_shape(config: Mapping[str, Any]) -> Shape:
    """Read a GPT-2 configuration.

    Raises:
        ModelError: it is another architecture, a variant that the graph lacks, or nonsense.
    """
    if config.get("model_type") != "gpt2":
        raise ModelError(f"The openvino engine knows GPT-2 and no '{config.get('model_type')}'.")
    for name, built in _UNSUPPORTED.items():
        if config.get(name, built) is not built:
            raise ModelError(f"The openvino engine does not know GPT-2 with {name}={config[name]}.")
    activation = config.get("activation_function", "gelu_new")
    if activation not in _ACTIVATIONS:
        raise ModelError(f"The openvino engine does not know GPT-2 with the activation '{activation}'.")
    width, heads = _size(config, "n_embd"), _size(config, "n_head")
    if width % heads:
        raise ModelError(f"config.json is damaged: n_embd={width} is no multiple of n_head={heads}.")
    epsilon = config.get("layer_norm_epsilon", 1e-5)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise ModelError(f"config.json is damaged: layer_norm_epsilon={epsilon} is no small number.")
    return Shape(
        layers=_size(config, "n_layer"),
        heads=heads,
        width=width,
        inner=4 * width if config.get("n_inner") is None else _size(config, "n_inner"),
        vocabulary=_size(config, "vocab_size"),
        positions=_size(config, "n_positions"),
        epsilon=epsilon,
        activation=_ACTIVATIONS[activation],
        tied=config.get("tie_word_embeddings", True) is True,
    )


def _size(config: Mapping[str, Any], name: str) -> int:
    value = config.get(name)
    if not isinstance(value, int) or value < 1:
        raise ModelError(f"config.json is damaged: {name}={value} is no number above 0.")
    return value

"""What a folder says of its encoder: the sizes, how token vectors become one, and how long a text may be.

Whatever the graph would compute wrongly is refused here, before anything is built. This module knows no weights
and imports nothing that takes time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.knowledge.encoder.errors import refusal

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
POOLING = "1_Pooling/config.json"
LENGTH = "sentence_bert_config.json"
MODULES = "modules.json"

_TOKENS = 256
"""That a text may have at most where the folder does not say; so all-MiniLM-L6-v2 was evaluated."""

_FEWEST_TOKENS = 3
"""One of the text between the one that opens and the one that closes it."""

_ONLY = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
"""Settings that change the arithmetic, and the only value that is built here; it is the default of each, too."""

_STEPS = {"Transformer", "Pooling", "Normalize"}
"""Modules of sentence-transformers that are built here; another one, such as Dense, would change the vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """How an encoder computes.

    Attributes:
        layers: number of blocks.
        heads: of attention, in each block.
        width: of a token's vector, and of a text's; a multiple of ``heads``.
        inner: width inside the feed-forward part of a block.
        vocabulary: number of tokens that can be embedded.
        positions: number of places that can be embedded.
        types: of tokens; all tokens of a text have type 0.
        epsilon: of the layer norms.
        cls: a text's vector is that of its first token, instead of the mean over all.
        tokens: that are read of a text, the opening and the closing one included.
    """

    layers: int
    heads: int
    width: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    cls: bool
    tokens: int


def read_settings(folder: Path) -> EncoderSettings:
    """Read what a folder says of its encoder.

    Raises:
        EncoderError: a file is missing or damaged, or it is another kind of model than is built here.
    """
    config = _read(folder, CONFIG)
    if config is None:
        raise refusal(folder, f"it has no {CONFIG}")
    if config.get("model_type") != "bert":
        raise refusal(folder, f"it is of the type '{config.get('model_type')}' and only 'bert' is known here")
    for name, only in _ONLY.items():
        if config.get(name, only) != only:
            raise refusal(folder, f"it has {name}={config[name]} and only {only} is known here")
    _check_steps(folder)
    width, heads = _size(folder, config, "hidden_size"), _size(folder, config, "num_attention_heads")
    if width % heads:
        raise refusal(folder, f"hidden_size={width} is no multiple of num_attention_heads={heads}")
    epsilon = config.get("layer_norm_eps", 1e-12)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise refusal(folder, f"layer_norm_eps={epsilon} is no small number")
    positions = _size(folder, config, "max_position_embeddings", least=_FEWEST_TOKENS)
    return EncoderSettings(
        layers=_size(folder, config, "num_hidden_layers"),
        heads=heads,
        width=width,
        inner=_size(folder, config, "intermediate_size"),
        vocabulary=_size(folder, config, "vocab_size"),
        positions=positions,
        types=_size(folder, config, "type_vocab_size"),
        epsilon=epsilon,
        cls=_pooling(folder) == "cls",
        tokens=min(positions, _tokens(folder)),
    )


def _check_steps(folder: Path) -> None:
    steps = _read(folder, MODULES, kind=list) or []
    for step in steps:
        # The last part of a dotted name: versions of sentence-transformers keep the classes in different places.
        kind = str(step.get("type") if isinstance(step, dict) else step).rpartition(".")[2]
        if kind not in _STEPS:
            raise refusal(folder, f"{MODULES} asks for a '{kind}' module, which is not known here")


def _pooling(folder: Path) -> str:
    said = _read(folder, POOLING)
    if said is None:
        return "mean"
    modes = [name.removeprefix("pooling_mode_") for name, value in said.items() if value is True]
    modes += [said["pooling_mode"]] if isinstance(said.get("pooling_mode"), str) else []
    names = {"mean_tokens": "mean", "cls_token": "cls", "mean": "mean", "cls": "cls"}
    # What is on beside the modes, such as include_prompt, does not change a text without a prompt.
    chosen = [mode for mode in modes if mode != "include_prompt"]
    if len(chosen) != 1 or chosen[0] not in names:
        raise refusal(folder, f"{POOLING} asks for {chosen or 'nothing'} and only mean and cls are known here")
    return names[chosen[0]]


def _tokens(folder: Path) -> int:
    said = _read(folder, LENGTH) or {}
    if said.get("max_seq_length") is None:
        return _TOKENS
    return _size(folder, said, "max_seq_length", least=_FEWEST_TOKENS)


def _read(folder: Path, name: str, kind: type = dict) -> Any:
    """Return what a file holds, or None where there is none."""
    path = folder / name
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise refusal(folder, f"its {name} cannot be read or is damaged") from error
    if not isinstance(content, kind):
        raise refusal(folder, f"its {name} is damaged")
    return content


def _size(folder: Path, config: Mapping[str, Any], name: str, *, least: int = 1) -> int:
    value = config.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise refusal(folder, f"{name}={value} is no number from {least} on")
    return value

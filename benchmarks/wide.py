"""The starter model in the shape of GPT-2 with 124 million parameters: its knowledge, at the large one's cost.

No package contains GPT-2's weights, and a random model has no answers to repeat. So each of the starter's 128
values is stored six times, which keeps means and variances; additional layers add nothing; unknown tokens are
never drawn. The logits are the starter's, up to rounding, and every step computes as much as a step of GPT-2.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from supportbot.engine.pretrained import open_model
from supportbot.models.registry import starter_directory

_COPIES = 6
_LAYERS = 12
_VOCABULARY, _POSITIONS = 50_257, 1_024
_NEVER = -100.0
"""Logit of tokens that the starter lacks: below those of all its own tokens."""

_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")

State = dict[str, torch.Tensor]


def save_wide(directory: Path) -> None:
    """Save the widened starter model and its tokenizer in Hugging Face format, in fp16."""
    small: GPT2LMHeadModel = open_model(starter_directory(), dtype=torch.float32)
    width = _COPIES * small.config.n_embd
    config = GPT2Config(
        vocab_size=_VOCABULARY,
        n_positions=_POSITIONS,
        n_embd=width,
        n_layer=_LAYERS,
        n_head=small.config.n_head,
        tie_word_embeddings=False,
        bos_token_id=small.config.bos_token_id,
        eos_token_id=small.config.eos_token_id,
    )
    torch.manual_seed(0)  # other weights are random, so that no step is easier than one of GPT-2
    wide = GPT2LMHeadModel(config)
    state = wide.state_dict()
    given = small.state_dict()
    _widen_tables(state, given)
    for layer in range(_LAYERS):
        if layer < small.config.n_layer:
            _widen_layer(state, given, f"transformer.h.{layer}.", small.config.n_head)
        else:
            for name in ("attn.c_proj", "mlp.c_proj"):
                for part in ("weight", "bias"):
                    state[f"transformer.h.{layer}.{name}.{part}"].zero_()
    wide.load_state_dict(state)
    torch.nn.Module.half(wide)
    wide.save_pretrained(directory)
    for name in _TOKENIZER:
        shutil.copy(starter_directory() / name, directory / name)


def _widen_tables(state: State, given: State) -> None:
    """Fill embeddings and head. The last copy of the last norm is 1, which gives unknown tokens their logit."""
    for name in ("transformer.wte.weight", "transformer.wpe.weight"):
        state[name].zero_()
        state[name][: len(given[name])] = given[name].repeat(1, _COPIES)
    width = given["transformer.ln_f.weight"].numel()
    for part, last in (("weight", 0.0), ("bias", 1.0)):
        name = f"transformer.ln_f.{part}"
        state[name][:] = given[name].repeat(_COPIES)
        state[name][-width:] = last
    head, known = state["lm_head.weight"], given["lm_head.weight"]
    head.zero_()
    head[: len(known), :-width] = known.repeat(1, _COPIES - 1) / (_COPIES - 1)
    head[len(known) :, -width:] = _NEVER / width


def _widen_layer(state: State, given: State, layer: str, heads: int) -> None:
    for norm in ("ln_1", "ln_2"):
        for part in ("weight", "bias"):
            state[f"{layer}{norm}.{part}"][:] = given[f"{layer}{norm}.{part}"].repeat(_COPIES)
    width = given[f"{layer}ln_1.weight"].numel()
    few, many = width // heads, _COPIES * width // heads

    def spread(tensor: torch.Tensor) -> torch.Tensor:
        """Give each head the values that it has, and zeros after them."""
        parts = tensor.unflatten(-1, (heads, few))
        return torch.nn.functional.pad(parts, (0, many - few)).flatten(-2)

    # Attention divides by the root of a head's width, zeros included.
    scales = (math.sqrt(many / few), 1.0, 1.0)
    weights = given[f"{layer}attn.c_attn.weight"].chunk(3, dim=1)
    biases = given[f"{layer}attn.c_attn.bias"].chunk(3)
    spread_weights = [spread(part) * scale for part, scale in zip(weights, scales, strict=True)]
    state[f"{layer}attn.c_attn.weight"][:] = torch.cat(spread_weights, dim=1).repeat(_COPIES, 1) / _COPIES
    state[f"{layer}attn.c_attn.bias"][:] = torch.cat(
        [spread(part) * scale for part, scale in zip(biases, scales, strict=True)]
    )
    out = given[f"{layer}attn.c_proj.weight"].repeat(1, _COPIES)
    state[f"{layer}attn.c_proj.weight"][:] = spread(out.T).T
    state[f"{layer}attn.c_proj.bias"][:] = given[f"{layer}attn.c_proj.bias"].repeat(_COPIES)
    inner = given[f"{layer}mlp.c_fc.bias"].numel()
    for name in ("mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight"):
        state[f"{layer}{name}"].zero_()
    state[f"{layer}mlp.c_fc.weight"][:, :inner] = given[f"{layer}mlp.c_fc.weight"].repeat(_COPIES, 1) / _COPIES
    state[f"{layer}mlp.c_fc.bias"][:inner] = given[f"{layer}mlp.c_fc.bias"]
    state[f"{layer}mlp.c_proj.weight"][:inner] = given[f"{layer}mlp.c_proj.weight"].repeat(1, _COPIES)
    state[f"{layer}mlp.c_proj.bias"][:] = given[f"{layer}mlp.c_proj.bias"].repeat(_COPIES)

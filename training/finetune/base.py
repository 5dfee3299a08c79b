"""The base of a run, in fp32: trained weights keep full precision under autocast.

This module knows no data and no arguments.
"""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from supportbot.engine.pretrained import open_model, open_tokenizer, refuse_code
from supportbot.errors import ConfigError, ModelError

_LOAD_ERRORS = (OSError, ValueError, KeyError, RuntimeError, SafetensorError)


def load_tokenizer(location: str) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a base; without a padding token it pads with end-of-text, which is masked by length.

    Raises:
        ModelError: there is none, it has no end-of-text token, or it comes with code.
    """
    try:
        refuse_code(location)
        tokenizer: PreTrainedTokenizerBase = open_tokenizer(location)
    except _LOAD_ERRORS as error:
        raise _not_usable(location) from error
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise ModelError(
            f"The tokenizer at '{location}' has no tokenizer.json or no end-of-text "
            "token: name another model with --base-model."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(location: str, tokenizer: PreTrainedTokenizerBase, max_length: int) -> PreTrainedModel:
    """Load the weights of a base.

    Raises:
        ConfigError: the model has too few positions.
        ModelError: the weights are incomplete, do not belong to the tokenizer, or come with code.
    """
    try:
        refuse_code(location)
        loaded: Any = open_model(location, dtype=torch.float32, output_loading_info=True)
    except _LOAD_ERRORS as error:
        raise _not_usable(location) from error
    model: PreTrainedModel
    model, report = loaded
    if missing := sorted(report["missing_keys"]):
        raise ModelError(f"The model at '{location}' lacks the tensor '{missing[0]}': its file is incomplete.")
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise ModelError(f"The model at '{location}' has values in '{name}' that are not numbers.")
    if len(tokenizer) > (vocabulary := int(model.config.vocab_size)):
        raise ModelError(
            f"The tokenizer at '{location}' has {len(tokenizer)} tokens and the model only {vocabulary}."
        )
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is not None and max_length > positions:
        raise ConfigError(f"--max-length {max_length} is more than the {positions} tokens of '{location}'.")
    return model


def _not_usable(location: str) -> ModelError:
    return ModelError(
        f"No usable model at '{location}': give --base-model a directory in Hugging Face format with safetensors "
        "weights, a hub id, or a version of `supportbot models list`."
    )

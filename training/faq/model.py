"""The untrained model of the recipe's size, and how a trained one is saved.

This module knows no question and no answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerBase

from supportbot.engine.base import SamplingParams
from training.faq.recipe import Recipe
from training.faq.spelling import spelling_vectors


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> GPT2LMHeadModel:
    """Return an untrained model of the recipe's size; its weights follow from torch's seed and the recipe's."""
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=recipe.positions,
        n_embd=recipe.width,
        n_layer=recipe.layers,
        n_head=recipe.heads,
        resid_pdrop=recipe.dropout,
        embd_pdrop=recipe.dropout,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # If tied, every answer pushes the embeddings of all other words the same way, rare ones furthest.
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(config)
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        model.transformer.wte.weight.copy_(
            spelling_vectors(tokenizer, recipe.width, recipe.spelling_scale, generator)
        )
    return model


def save_model(
    model: Any, tokenizer: PreTrainedTokenizerBase, directory: Path, *, logit_scale: float = 1.0
) -> None:
    """Save what ``from_pretrained`` and ``generate()`` need, with the documented sampling as the default.

    The weights are stored as fp16 safetensors.

    Args:
        model: from ``build_model``, trained; it is changed.
        tokenizer: of it.
        directory: exists.
        logit_scale: multiplies all logits, in the weights: the order of the tokens stays, and the likeliest one is
            drawn more often.
    """
    sampling: dict[str, Any] = SamplingParams().as_record()
    model.generation_config = GenerationConfig(
        **sampling,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.config.use_cache = True  # training turned it off, and generate() is many times slower without it
    with torch.no_grad():
        model.lm_head.weight.mul_(logit_scale)
    model.half().save_pretrained(directory)
    tokenizer.save_pretrained(directory)

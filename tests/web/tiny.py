"""A language model of a few thousand weights that says something different to everybody, and always something."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

_END = "<|endoftext|>"
_TEXT = "Answer this customer support question professionally and helpfully: how do I return an item to you?"


def save_tiny_model(directory: Path) -> None:
    """Save a random GPT-2 that writes until its length is reached, in the format of a real one."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator([_TEXT] * 5, trainer)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe, eos_token=_END, bos_token=_END, pad_token=_END
    )
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=256,
        n_embd=32,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        # The last norm adds a constant that only the end-of-text row answers to, and it says no.
        model.transformer.ln_f.bias.fill_(1.0)
        model.lm_head.weight -= model.lm_head.weight.mean(dim=1, keepdim=True)
        model.lm_head.weight[0].fill_(-1.0)
    model.half().save_pretrained(directory)  # type: ignore[no-untyped-call]
    tokenizer.save_pretrained(directory)

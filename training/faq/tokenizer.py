"""The starter model's tokenizer: byte-level BPE learned from the texts that the model is trained on.

It encodes any text in any language, because bytes are the fallback, and decoding returns it exactly. The one
special token ends a text, and is also its beginning and padding, as in GPT-2.

This module knows no recipe and no question: it takes texts and a size.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, max_length: int) -> PreTrainedTokenizerFast:
    """Learn a byte-level BPE; the same texts always give the same tokens.

    Args:
        texts: to learn from, each once.
        vocabulary: largest number of tokens, bytes and end-of-text included; few texts give fewer.
        max_length: positions of the model, which the tokenizer's files state.
    """
    tokenizer = Tokenizer(BPE())
    # No added space: "return" at the start of a line and " return" inside one are then two tokens, as in GPT-2.
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(ByteLevel.alphabet()),
        min_frequency=2,  # a merge seen once does not help
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
        model_max_length=max_length,
    )

"""A small BERT of random weights in the format of sentence-transformers, and what transformers makes of it."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel

WIDTH = 24
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = string.ascii_lowercase + string.digits
TOKENS = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS)]


def save_tiny_encoder(folder: Path, **changes: Any) -> Path:
    """Save a small encoder of random fp16 weights; ``changes`` are to its configuration."""
    torch.manual_seed(1)
    sizes = {
        "vocab_size": len(TOKENS),
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "intermediate_size": 50,
        "max_position_embeddings": 40,
        "initializer_range": 0.3,
    }
    model = BertModel(BertConfig(**{**sizes, **changes}), add_pooling_layer=False)
    for parameter in model.parameters():
        # As they are made, biases are 0 and scales 1, which would hide a mistake in either.
        parameter.data += 0.2 * torch.randn_like(parameter)
    model.half().save_pretrained(folder)
    build_tokenizer().save(str(folder / "tokenizer.json"))
    write(
        folder,
        "modules.json",
        [{"type": f"sentence_transformers.models.{name}"} for name in ("Transformer", "Pooling")],
    )
    write(folder, "1_Pooling/config.json", {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    write(folder, "sentence_bert_config.json", {"max_seq_length": 30, "do_lower_case": False})
    return folder


def build_tokenizer() -> Tokenizer:
    """Return a tokenizer of letters and digits."""
    tokenizer = Tokenizer(WordPiece({token: number for number, token in enumerate(TOKENS)}, unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def reference(folder: Path, text: str, *, cls: bool = False, tokens: int = 30) -> np.ndarray[Any, Any]:
    """Return the vector that transformers and the definition of pooling give in fp32."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(tokens)
    model: Any = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float16).float()
    model.train(False)
    with torch.inference_mode():
        hidden = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].numpy()
    vector = hidden[0] if cls else hidden.mean(axis=0)
    normed: np.ndarray[Any, Any] = vector / np.linalg.norm(vector)
    return normed


def write(folder: Path, name: str, content: object) -> None:
    """Write a JSON file into a folder of an encoder."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


def change_config(folder: Path, **changes: Any) -> None:
    """Rewrite values of ``config.json``; None removes one."""
    config = {**json.loads((folder / "config.json").read_text()), **changes}
    write(folder, "config.json", {name: value for name, value in config.items() if value is not None})


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Rewrite the weights."""
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})

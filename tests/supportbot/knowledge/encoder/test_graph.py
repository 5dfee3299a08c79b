"""The graph against the reference implementation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertModel

from supportbot.knowledge.encoder.open import open_encoder
from tests.supportbot.knowledge.encoder.tiny import change_tensors, reference, save_tiny_encoder, write

TEXTS = ["Where is my order 4711?", "", "a", "one two three four five six seven eight nine ten eleven"]


@pytest.mark.parametrize(
    "variant",
    [{}, {"num_attention_heads": 1, "layer_norm_eps": 1e-3}, {"num_hidden_layers": 1, "type_vocab_size": 1}],
    ids=str,
)
def test_it_computes_what_transformers_computes(variant: dict[str, Any], tmp_path: Path) -> None:
    """Vectors are those of the reference, whatever the sizes, alone and in a batch that is padded."""
    folder = save_tiny_encoder(tmp_path / "encoder", **variant)
    vectors = open_encoder(str(folder)).encode(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector == pytest.approx(reference(folder, text), abs=2e-5)


@pytest.mark.parametrize("said", [{"pooling_mode_cls_token": True}, {"pooling_mode": "cls"}], ids=str)
def test_the_first_token_stands_for_the_text_where_the_folder_says_so(
    said: dict[str, Any], tmp_path: Path
) -> None:
    """Both ways in which versions of sentence-transformers write it down are read."""
    folder = save_tiny_encoder(tmp_path / "encoder")
    write(folder, "1_Pooling/config.json", said)
    vector = open_encoder(str(folder)).encode([TEXTS[0]])[0]
    assert vector == pytest.approx(reference(folder, TEXTS[0], cls=True), abs=2e-5)


def _prefixed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # As files of older versions of transformers: with the numbers of the places, which are no weights.
    return {f"bert.{name}": tensor for name, tensor in tensors.items()} | {
        "bert.embeddings.position_ids": torch.arange(40)[None]
    }


def _as(kind: torch.dtype) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {name: tensor.to(kind) for name, tensor in tensors.items()}


@pytest.mark.parametrize("change", [_prefixed, _as(torch.float32)], ids=["prefix", "fp32"])
def test_every_way_of_storing_is_read(
    change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    """Names with a prefix and weights in fp32 give the same vectors, under another digest."""
    folder = save_tiny_encoder(tmp_path / "encoder")
    plain = open_encoder(str(folder))
    change_tensors(folder, change)
    other = open_encoder(str(folder))
    assert other.encode(TEXTS) == pytest.approx(plain.encode(TEXTS), abs=1e-6)
    assert other.digest != plain.digest


def test_shards_are_put_together(tmp_path: Path) -> None:
    """A model of several files is read by its index."""
    folder = save_tiny_encoder(tmp_path / "encoder")
    whole = open_encoder(str(folder)).encode(TEXTS)
    model: Any = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float16)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    assert open_encoder(str(folder)).encode(TEXTS) == pytest.approx(whole, abs=1e-6)


def test_without_files_beside_the_model_it_is_the_mean_of_256_tokens(tmp_path: Path) -> None:
    """A bare BERT, without what sentence-transformers adds, is read with the usual pooling and length."""
    folder = save_tiny_encoder(tmp_path / "encoder", max_position_embeddings=300)
    for name in ("modules.json", "1_Pooling/config.json", "sentence_bert_config.json"):
        (folder / name).unlink()
    text = "word " * 400
    vector = open_encoder(str(folder)).encode([text])[0]
    assert vector == pytest.approx(reference(folder, text, tokens=256), abs=2e-5)

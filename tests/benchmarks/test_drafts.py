"""The measurement of suppositions runs, on a widened model that says what the small one says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import GPT2LMHeadModel

from benchmarks.wide import save_wide
from supportbot.models.registry import starter_directory
from tests.benchmarks.test_benchmarks import run

pytestmark = pytest.mark.long


def test_suppositions_are_compared_with_none(tmp_path: Path) -> None:
    """Known and foreign questions have their figures; what is known is mostly supposed, and comes as it would."""
    record = run("benchmarks.drafts", tmp_path / "figures.json")

    assert list(record["cases"]) == ["known", "foreign", "wandering"]
    for numbers in record["cases"].values():
        assert list(numbers) == ["1", "2"]
        assert all(figures["ratio"] > 0 and figures["same_answers"] > 0.5 for figures in numbers.values())
    assert record["cases"]["known"]["1"]["tokens_from_suppositions"] > 0.5
    assert str(tmp_path) not in str(record)


def test_the_widened_model_is_the_starter_in_the_shape_of_gpt2(tmp_path: Path) -> None:
    """It has the starter's logits, up to the rounding of fp16, and no token beyond them."""
    save_wide(tmp_path)
    wide, small = (
        GPT2LMHeadModel.from_pretrained(path, dtype=torch.float32) for path in (tmp_path, starter_directory())
    )
    assert (wide.config.n_embd, wide.config.n_layer, wide.config.vocab_size) == (768, 12, 50_257)
    ids = torch.arange(200).reshape(2, 100)
    with torch.inference_mode():
        given, wanted = wide(ids).logits, small(ids).logits
    known = small.config.vocab_size
    assert float((given[..., :known] - wanted).abs().max()) < 0.02
    assert float(given[..., known:].max()) < float(wanted.min()) - 20

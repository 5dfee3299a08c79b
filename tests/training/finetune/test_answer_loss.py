"""The loss counts labelled tokens only, is the model's own, and does not depend on how rows are batched."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from training.dataset import IGNORED, PackingCollator, PaddingCollator, Row, encode_row
from training.finetune.answer_loss import AnswerLoss


@pytest.fixture
def model(still_model: Path) -> PreTrainedModel:
    """The tiny model in fp32."""
    loaded: PreTrainedModel = AutoModelForCausalLM.from_pretrained(still_model, dtype=torch.float32)
    loaded.config.use_cache = False  # as Trainer sets it
    return loaded


@pytest.fixture(params=[False, True], ids=["answer", "all"])
def encoded(request: pytest.FixtureRequest, still_model: Path) -> list[Row]:
    """Rows of different lengths."""
    tokenizer = AutoTokenizer.from_pretrained(still_model)
    texts = [("Where is it?", "On its way."), ("Why?", "It is the weather, and the roads."), ("When?", "Soon.")]
    return [encode_row(tokenizer, *text, count_prompt=request.param) for text in texts]


def gradients(model: PreTrainedModel, batches: list[dict[str, torch.Tensor]], tokens: int) -> list[torch.Tensor]:
    """Return the gradients of the sum of the losses of batches."""
    model.zero_grad()
    for batch in batches:
        model(**batch, num_items_in_batch=tokens).loss.backward()
    return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


def test_loss_is_the_models_own(model: PreTrainedModel, encoded: list[Row]) -> None:
    """Leaving logits out changes neither the loss nor any gradient."""
    batch = PaddingCollator(0)(encoded)
    tokens = int((batch["labels"][:, 1:] != IGNORED).sum())
    own_loss = model(**batch).loss
    own = gradients(model, [batch], tokens)
    AnswerLoss.attach(model)
    ours = gradients(model, [batch], tokens)
    torch.testing.assert_close(model(**batch).loss, own_loss, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(ours, own, atol=1e-5, rtol=1e-4)
    assert model(**batch).logits.shape[0] == tokens


def test_loss_does_not_depend_on_the_split(model: PreTrainedModel, encoded: list[Row]) -> None:
    """Accumulating row by row gives the gradients of one batch, though rows have unlike lengths."""
    AnswerLoss.attach(model)
    collate = PaddingCollator(0)
    tokens = int((collate(encoded)["labels"][:, 1:] != IGNORED).sum())
    whole = gradients(model, [collate(encoded)], tokens)
    split = gradients(model, [collate([row]) for row in encoded], tokens)
    torch.testing.assert_close(split, whole, atol=1e-5, rtol=1e-4)


def test_packed_rows_do_not_see_each_other(model: PreTrainedModel, encoded: list[Row]) -> None:
    """A packed batch has the loss and the gradients of the padded one."""
    AnswerLoss.attach(model)
    padded, packed = PaddingCollator(0)(encoded), PackingCollator()(encoded)
    tokens = int((padded["labels"][:, 1:] != IGNORED).sum())
    assert int((packed["labels"][:, 1:] != IGNORED).sum()) == tokens
    torch.testing.assert_close(
        gradients(model, [packed], tokens), gradients(model, [padded], tokens), atol=1e-5, rtol=1e-4
    )


def test_generation_is_untouched(model: PreTrainedModel) -> None:
    """Without labels the model gives all logits, as generate() needs them."""
    AnswerLoss.attach(model)
    assert model(input_ids=torch.tensor([[1, 2, 3]])).logits.shape[:2] == (1, 3)

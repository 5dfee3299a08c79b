"""Models to compare: the starter, and a copy of it that was damaged; and the starter's own held-out rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import torch
from safetensors.torch import load_file, save_file

from supportbot.models.registry import MANIFEST, starter_directory
from training.starter.data import load_faq

ROWS, STRANGERS = 26, 16


def add_noise(directory: Path, share: float) -> Path:
    """Make a copy of the starter with noise on its weights, a share of their spread; return its directory."""
    shutil.copytree(starter_directory(), directory)
    (directory / MANIFEST).unlink()
    weights = load_file(directory / "model.safetensors")
    random = torch.Generator().manual_seed(0)
    for name, tensor in weights.items():
        spread = tensor.float().std()
        weights[name] = (tensor.float() + share * spread * torch.randn(tensor.shape, generator=random)).half()
    save_file(weights, directory / "model.safetensors", {"format": "pt"})
    return directory


@pytest.fixture(scope="session")
def noised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter with noise on its weights: it still speaks, and is hardly ever right."""
    return add_noise(tmp_path_factory.mktemp("models") / "noised", 0.6)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Held-out wordings of the starter, one topic after the other."""
    pairs = [(text, topic.answer) for topic in load_faq().topics for text in topic.held_out]
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in pairs]
    path.write_text("\n".join(lines[:: len(lines) // ROWS][:ROWS]), "utf-8")
    return path


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some out-of-scope questions, one a line."""
    path = tmp_path_factory.mktemp("data") / "strangers.txt"
    path.write_text("\n".join(load_faq().out_of_scope[:STRANGERS]), "utf-8")
    return path


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """The command turns the logs down for its own process; here other tests follow."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)

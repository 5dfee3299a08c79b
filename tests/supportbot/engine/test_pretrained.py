"""No code of a model is run, and models that bring some are neither trained on nor published."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from supportbot.engine.load import load_model
from supportbot.errors import ModelError
from tests.tiny_model import save_tiny_model
from training.finetune.base import load_base, load_tokenizer

ROOT = Path(__file__).parents[3]
CONFIGS = ("config.json", "tokenizer_config.json")


def with_code(directory: Path, config: str) -> Path:
    """Return a sound GPT-2 that names code of its own beside it."""
    save_tiny_model(directory)
    path = directory / config
    content = json.loads(path.read_text())
    content["auto_map"] = {"AutoModelForCausalLM": "evil.Evil", "AutoTokenizer": [None, "evil.Evil"]}
    path.write_text(json.dumps(content))
    (directory / "evil.py").write_text("raise SystemExit('code of a checkpoint was run')\n")
    return directory


@pytest.mark.parametrize("config", CONFIGS)
def test_base_that_brings_code_is_refused(config: str, tiny_model: Path, tmp_path: Path) -> None:
    """Nobody trains on a model with code of its own, even where transformers could do without that code."""
    base = str(with_code(tmp_path / "model", config))
    with pytest.raises(ModelError, match=f"brings code of its own .'auto_map' in {config}"):
        load_tokenizer(base)
    with pytest.raises(ModelError, match="brings code of its own"):
        load_base(base, load_tokenizer(str(tiny_model)), 64)


def test_known_kind_is_loaded_without_its_code(tmp_path: Path) -> None:
    """What only answers here may be of a kind that transformers knows; its own code is left alone."""
    model, _ = load_model(with_code(tmp_path / "model", "config.json"))
    assert type(model).__module__.startswith("transformers.")


def _opens(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(isinstance(node, ast.Attribute) and node.attr == "from_pretrained" for node in ast.walk(tree))


def test_models_are_opened_in_one_place() -> None:
    """Serving, training, evaluation and benchmarks open models through the one loader that runs no code."""
    files = (
        path
        for folder in ("bot", "supportbot", "training", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [path.relative_to(ROOT).as_posix() for path in files if _opens(path)] == [
        "supportbot/engine/pretrained.py"
    ]

"""Which models are loaded, in which precision, and which are refused with a sentence."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from supportbot.engine.load import load_engine, load_model
from supportbot.engine.precision import choose_precision
from supportbot.errors import ModelError
from tests.tiny_model import build_tokenizer, save_tiny_model


@pytest.mark.parametrize(
    ("setting", "cuda", "bf16", "wanted"),
    [
        ("auto", True, True, "fp16"),
        ("auto", False, True, "bf16"),
        ("auto", False, False, "fp32"),
        ("fp32", True, True, "fp32"),
        ("fp16", False, True, "fp16"),
        ("int8", False, True, "bf16"),
    ],
)
def test_precision_follows_machine_and_setting(setting: str, cuda: bool, bf16: bool, wanted: str) -> None:
    """fp16 is for GPUs; a CPU computes in bf16 where it can; the setting overrides; the reason is said."""
    chosen = choose_precision(setting, cuda=cuda, cpu_has_bf16=bf16)  # type: ignore[arg-type]
    assert chosen.name == wanted
    assert chosen.reason


async def test_engine_computes_in_the_chosen_precision(tiny_model: Path) -> None:
    """The override reaches the weights."""
    engine = load_engine(tiny_model, "tiny", "bf16")
    assert engine.dtype == torch.bfloat16
    await engine.aclose()


def test_weights_are_loaded_as_fp16(tiny_model: Path) -> None:
    """Weights are stored and loaded in fp16, in evaluation mode."""
    model, _ = load_model(tiny_model)
    assert model.dtype == torch.float16
    assert not model.training


def _remove_weights(directory: Path) -> None:
    (directory / "model.safetensors").unlink()


def _truncate_weights(directory: Path) -> None:
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1_000])


def _drop_tensor(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = load_file(path)
    del tensors["transformer.h.0.mlp.c_fc.weight"]
    save_file(tensors, path, metadata={"format": "pt"})


def _put_nan(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = load_file(path)
    tensors["transformer.wte.weight"][3, 3] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})


def _change_shape(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = load_file(path)
    tensors["transformer.h.0.mlp.c_fc.weight"] = torch.zeros(7, 7, dtype=torch.float16)
    save_file(tensors, path, metadata={"format": "pt"})


def _larger_vocabulary(directory: Path) -> None:
    tokenizer = build_tokenizer()
    tokenizer.add_tokens([f"<extra-{number}>" for number in range(20)])
    tokenizer.save_pretrained(directory)


def _no_tokenizer(directory: Path) -> None:
    (directory / "tokenizer.json").unlink()


def _code_in_config(directory: Path) -> None:
    path = directory / "config.json"
    config = json.loads(path.read_text())
    config["model_type"] = "evil"
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Config"}
    path.write_text(json.dumps(config))
    (directory / "evil.py").write_text("raise SystemExit('code of a checkpoint was run')\n")


class _Hostile:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (Path.touch, ("pwned",))  # type: ignore[return-value]


def _pickled_weights(directory: Path) -> None:
    _remove_weights(directory)
    (directory / "pytorch_model.bin").write_bytes(pickle.dumps(_Hostile()))


@pytest.mark.parametrize(
    "damage",
    [
        _remove_weights,
        _truncate_weights,
        _drop_tensor,
        _put_nan,
        _change_shape,
        _larger_vocabulary,
        _no_tokenizer,
        _code_in_config,
        _pickled_weights,
    ],
)
def test_damaged_models_are_refused(damage: Callable[[Path], None], tmp_path: Path) -> None:
    """A model that is damaged, incomplete or hostile is refused with a sentence, and none of its code runs."""
    directory = save_tiny_model(tmp_path / "model")
    damage(directory)
    with pytest.raises(ModelError, match=str(directory)):
        load_model(directory)
    assert not Path("pwned").exists()


def test_missing_model_names_the_remedy() -> None:
    """A directory that does not exist leads to a sentence with the setting and the command."""
    with pytest.raises(ModelError, match=r"SUPPORTBOT_MODEL.*supportbot init"):
        load_model(Path("/nowhere/at/all"))

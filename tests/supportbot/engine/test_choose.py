"""Which engine answers, and why: by machine, model and setting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.engine.choose import Wanted, choose, find_model, load_chosen
from supportbot.errors import ConfigError, ModelError


def wanted(tmp_path: Path, engine: str = "auto", precision: str = "auto") -> Wanted:
    """Return settings."""
    return Wanted(engine=engine, precision=precision, exports=tmp_path / "exports")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("engine", "precision", "rise", "cuda", "chosen"),
    [
        ("auto", "auto", None, False, ("openvino", "bf16")),
        ("auto", "auto", 0.0099, False, ("openvino", "int8")),
        ("auto", "auto", 0.0101, False, ("openvino", "bf16")),
        ("auto", "auto", 0.0, True, ("transformers", "auto")),
        ("auto", "fp16", 0.0, False, ("transformers", "fp16")),
        ("auto", "fp32", 0.0, False, ("openvino", "fp32")),
        ("auto", "int8", 0.5, True, ("openvino", "int8")),
        ("openvino", "auto", None, True, ("openvino", "bf16")),
        ("transformers", "auto", 0.0, False, ("transformers", "auto")),
    ],
)
def test_machine_model_and_settings_decide(
    tiny_model: Path,
    tmp_path: Path,
    engine: str,
    precision: str,
    rise: float | None,
    cuda: bool,
    chosen: tuple[str, str],
) -> None:
    """int8 comes by itself only if it was measured and costs at most 1 %; a GPU and fp16 are for transformers."""
    choice = choose(tiny_model, wanted(tmp_path, engine, precision), int8_loss_rise=rise, cuda=cuda)
    assert (choice.engine, choice.precision) == chosen
    assert choice.reason


def test_other_architectures_go_to_transformers(tmp_path: Path) -> None:
    """A model that has no graph here is no error."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert choose(tmp_path, wanted(tmp_path), int8_loss_rise=None, cuda=False).engine == "transformers"


@pytest.mark.parametrize(("engine", "precision"), [("openvino", "fp16"), ("transformers", "int8")])
def test_settings_that_contradict_each_other_are_a_sentence(
    tiny_model: Path, tmp_path: Path, engine: str, precision: str
) -> None:
    """The sentence names the key and the remedy."""
    with pytest.raises(ConfigError, match="SUPPORTBOT_PRECISION"):
        load_chosen(str(tiny_model), "tiny", wanted(tmp_path, engine, precision), int8_loss_rise=None)


def test_a_model_that_is_nowhere_is_a_sentence() -> None:
    """Neither a folder nor anything that a hub could have."""
    with pytest.raises(ModelError, match="No usable model at '/nowhere/at/all'"):
        find_model("/nowhere/at/all")

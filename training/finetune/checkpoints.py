"""Which checkpoint a run can resume from: the newest complete one.

Trainer takes the highest number, whatever is in it: it crashes on an empty folder, and silently continues with
missing tensors, a missing optimizer, or weights that are not numbers. Here every checkpoint is checked first, and
a damaged one is skipped with a sentence.

Only plain tensors and numbers are unpickled (``weights_only=True``), by us as by Trainer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel

_NAME = re.compile(r"checkpoint-(\d+)")


class _DamagedError(Exception):
    """The fault of a checkpoint, as the end of a sentence."""


def newest_usable(output_dir: Path, model: PreTrainedModel, tell: Callable[[str], None]) -> Path | None:
    """Return the newest usable checkpoint, or None.

    Args:
        output_dir: of the run.
        model: in training; the checkpoint must have all its tensors.
        tell: gets a sentence on each skipped checkpoint.
    """
    for step, path in sorted(_checkpoints(output_dir), reverse=True):
        try:
            _check(path, step, model)
        except _DamagedError as damage:
            tell(f"Checkpoint {path.name} is skipped: {damage}.")
        else:
            return path
    return None


def _checkpoints(output_dir: Path) -> list[tuple[int, Path]]:
    found = ((_NAME.fullmatch(path.name), path) for path in output_dir.glob("checkpoint-*") if path.is_dir())
    return [(int(name.group(1)), path) for name, path in found if name]


def _check(path: Path, step: int, model: PreTrainedModel) -> None:
    if not any(path.iterdir()):
        raise _DamagedError("the folder is empty")
    _check_state(path, step)
    _check_weights(path, model)
    _check_optimizer(path, model)
    if not _load(path / "scheduler.pt"):
        raise _DamagedError("scheduler.pt is empty")


def _check_state(path: Path, step: int) -> None:
    try:
        state = json.loads((path / "trainer_state.json").read_text("utf-8"))
        found = state["global_step"]
    except FileNotFoundError:
        raise _DamagedError("trainer_state.json is missing, so it was not written to its end") from None
    except (ValueError, KeyError, TypeError):
        raise _DamagedError("trainer_state.json is damaged") from None
    if found != step:
        raise _DamagedError(f"trainer_state.json is of step {found}")


def _check_weights(path: Path, model: PreTrainedModel) -> None:
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise _DamagedError("it has no weights")
    shapes: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - not a dict
                    tensor = tensors.get_tensor(name)
                    shapes[name] = tuple(tensor.shape)
                    if not bool(torch.isfinite(tensor).all()):
                        raise _DamagedError(f"'{name}' has values that are not numbers")
        except (SafetensorError, OSError):
            raise _DamagedError(f"{file.name} is damaged") from None
    for names, shape in _tensors(model):
        if not names & shapes.keys():
            raise _DamagedError(f"the tensor '{min(names)}' is missing")
        if any(shapes[name] != shape for name in names & shapes.keys()):
            raise _DamagedError(f"the tensor '{min(names)}' has another shape than the model's")


def _tensors(model: PreTrainedModel) -> list[tuple[set[str], tuple[int, ...]]]:
    """Return the tensors of a model with all their names: tied ones are saved under one of them."""
    names: dict[int, set[str]] = {}
    shapes: dict[int, tuple[int, ...]] = {}
    for name, tensor in model.state_dict().items():
        names.setdefault(tensor.data_ptr(), set()).add(name)
        shapes[tensor.data_ptr()] = tuple(tensor.shape)
    return [(names[pointer], shapes[pointer]) for pointer in names]


def _check_optimizer(path: Path, model: PreTrainedModel) -> None:
    # FSDP writes a folder or a file of its own format, which its own loader checks.
    if (path / "optimizer_0").is_dir() or (path / "optimizer.bin").is_file():
        return
    optimizer = _load(path / "optimizer.pt")
    trained = sum(parameter.requires_grad for parameter in model.parameters())
    states = optimizer.get("state", {})
    if len(states) != trained:
        raise _DamagedError(f"optimizer.pt knows {len(states)} of {trained} parameters")
    tensors = (value for state in states.values() for value in state.values() if torch.is_tensor(value))
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors):
        raise _DamagedError("optimizer.pt has values that are not numbers")


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise _DamagedError(f"{path.name} is missing")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a torn or hostile pickle may raise anything; the sentence is what matters
        raise _DamagedError(f"{path.name} is damaged") from None
    if not isinstance(loaded, dict):
        raise _DamagedError(f"{path.name} is damaged")
    return loaded

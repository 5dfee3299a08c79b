"""Model versions for tests: real directories with real manifests, installed as a publication would."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from supportbot.models.registry import MANIFEST, Manifest, Registry, write_manifest

WEIGHTS = "model.safetensors"


def better_than(version: str | None, *, better: bool = True) -> dict[str, Any]:
    """Return an evaluation as `training.evaluate` writes it."""
    return {
        "against": {"version": version, "loss": 2.0},
        "candidate": {"loss": 1.5},
        "differences": {"right": {"value": 0.1, "low": 0.05, "high": 0.15}},
        "better": better,
        "verdict": "Better: it answers more right." if better else "Not better: it answers no more right.",
        "rows": 40,
    }


def beside_answers(
    wrong: tuple[float, float, float], rise: tuple[float, float, float], *, asked: int = 40
) -> dict[str, Any]:
    """Return an evaluation of a better candidate with the part about the whole answerer, against `base`.

    Args:
        wrong: share of wrong answers shown with the candidate, and the ends of its interval.
        rise: how much more that is than with what is live, and the ends of its interval.
        asked: how many questions could be measured.
    """
    keys = ("value", "low", "high")
    answerer = {
        "mode": "verified_first",
        "wrong_rate": 0.02,
        "asked": asked,
        "candidate": {"verified_first": {"wrong": dict(zip(keys, wrong, strict=True)) if asked else None}},
        "differences": {"verified_first": {"wrong": dict(zip(keys, rise, strict=True)) if asked else None}},
    }
    return {**better_than("base"), "answerer": answerer}


def install_version(
    registry: Registry,
    source: Path,
    version: str,
    *,
    evaluation: Mapping[str, object] | None = None,
    training: Mapping[str, object] | None = None,
    weights: Mapping[str, torch.Tensor] | None = None,
    without: str | None = None,
) -> Manifest:
    """Install a copy of a model directory under a name.

    Args:
        registry: gets it.
        source: the model.
        version: the name.
        evaluation: see ``better_than``.
        training: what the manifest says of its origin.
        weights: tensors to put in place of the model's own.
        without: the tensor to leave out.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = shutil.copytree(source, Path(folder) / "model", ignore=shutil.ignore_patterns(MANIFEST))
        if weights or without:
            tensors = {**load_file(directory / WEIGHTS), **(weights or {})}
            tensors.pop(without or "", None)
            save_file(tensors, directory / WEIGHTS, metadata={"format": "pt"})
        write_manifest(
            directory,
            version=version,
            metrics={"loss": 1.5},
            training=training or {},
            confidence_floor=None,
            evaluation=evaluation,
        )
        return registry.install(directory)

"""Checks of a finished run before it becomes a version.

It refuses a run that is not finished, was not evaluated, or could run code where it is loaded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.engine.load import load_model
from supportbot.engine.pretrained import refuse_code
from supportbot.errors import ModelError
from training.evaluate.record import RECORD
from training.evaluate.weights import weights_digest
from training.finetune.output import UNFINISHED

REPORT = "report"
RUN_RECORD = "run.json"

_PICKLES = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"})
_PROGRAMS = frozenset({".py", ".pyc", ".so"})
_OWN_PICKLE = "training_args.bin"  # the Trainer writes it; it stays behind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finished run: its folder, its report, and its evaluation, if there is one."""

    directory: Path
    run: Mapping[str, Any]
    evaluation: Mapping[str, Any] | None


def read_candidate(directory: Path, *, with_evaluation: bool) -> Candidate:
    """Read and check the folder of a run.

    Args:
        directory: from ``training.finetune``.
        with_evaluation: whether there must be an evaluation of these very weights.

    Raises:
        ModelError: the run is not finished, holds a pickle or a program, is damaged, or was not evaluated.
    """
    run = _read_json(directory / REPORT / RUN_RECORD)
    if run is None or (directory / UNFINISHED).exists():
        raise ModelError(
            f"'{directory}' is not a finished run, since it has no {REPORT}/{RUN_RECORD} or still {UNFINISHED}: "
            "finish it with `python -m training.finetune --resume`, or name the folder of a finished one."
        )
    loss = run.get("final_loss")
    if isinstance(loss, float) and not math.isfinite(loss):
        raise ModelError(f"The run in '{directory}' ended with a loss that is not a number: train again.")
    for path in sorted(directory.iterdir()):
        if path.suffix.lower() in _PICKLES and path.name != _OWN_PICKLE:
            raise ModelError(
                f"'{path}' may be a pickle, which runs code when it is loaded: save the weights as safetensors "
                "and remove it."
            )
    if program := next((path for path in directory.rglob("*") if path.suffix.lower() in _PROGRAMS), None):
        raise ModelError(
            f"'{program}' is a program, and a version must not contain one: remove it, and publish again."
        )
    evaluation = _read_evaluation(directory) if with_evaluation else None
    try:
        refuse_code(directory)
        load_model(directory)
    except (ModelError, OSError, ValueError) as error:
        raise ModelError(f"'{directory}' is damaged, so it can't be published. {error}") from error
    return Candidate(directory, run, evaluation)


def _read_evaluation(directory: Path) -> Mapping[str, Any]:
    path = directory / REPORT / RECORD
    remedy = f"run `python -m training.evaluate --candidate {directory}`"
    evaluation = _read_json(path)
    if evaluation is None:
        raise ModelError(f"'{directory}' was not evaluated: {remedy}, or publish it --without-evaluation.")
    if evaluation.get("candidate", {}).get("weights_digest") != weights_digest(directory):
        raise ModelError(f"'{path}' measured other weights than those in '{directory}': {remedy} again.")
    return evaluation


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise ModelError(f"'{path}' cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ModelError(f"'{path}' must be a JSON object: run the command that wrote it again.")
    return content

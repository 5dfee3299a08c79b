"""``--recipe faq`` on the command line: which flags it allows, and its run.

The recipe fixes every value, so a flag that sets one of them, or another way of training, is refused instead of
ignored.

This module knows no rows.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from supportbot.config import Settings
from supportbot.engine.precision import Precision
from supportbot.engine.prompt import MAX_LENGTH
from supportbot.errors import ConfigError
from training.faq.recipe import RECIPE
from training.faq.train import build_arguments
from training.finetune.machine import Machine
from training.finetune.run import Run

_ALLOWED = frozenset({"recipe", "from_db", "data", "output_dir", "seed", "dry_run", "json", "progress"})
_OWN = {
    "base_model": "which makes a model from scratch",
    "resume": "which takes minutes and starts again instead",
    "method": "which learns approved answers",
}
"""Why some flags contradict the recipe; all others are values that it sets."""


def check_recipe(given: Mapping[str, Any], machine: Machine) -> None:
    """Refuse flags that contradict the recipe.

    Raises:
        ConfigError: the sentence names the flag and what to do.
    """
    for name in given:
        if name not in _ALLOWED:
            flag = f"--{name.replace('_', '-')}"
            why = _OWN.get(name, "which sets all such values itself")
            raise ConfigError(
                f"{flag} does not go with --recipe faq, {why}: leave out {flag}, or leave out --recipe faq."
            )
    if machine.processes > 1:
        raise ConfigError("--recipe faq trains in one process: start it without `accelerate launch`.")


def scratch_run(options: Namespace, output_dir: Path, settings: Settings, machine: Machine) -> Run:
    """Return the run of a checked command line."""
    recipe = replace(RECIPE, seed=options.seed)
    precision = (
        Precision("bf16", "this processor computes bf16 natively, and a GPU is not used for a model this small")
        if machine.bf16
        else Precision("fp32", "this processor has no bf16, and a GPU is not used for a model this small")
    )
    return Run(
        recipe="faq",
        base_model="",
        location="",
        output_dir=output_dir,
        method="sft",
        arguments=build_arguments(recipe, str(output_dir)),
        differences={},
        precision=precision,
        data=None if options.data is None else Path(options.data),
        loss_on="answer",
        packing=False,
        max_length=MAX_LENGTH,
        doubt_share=0.0,
        resume=False,
        dry_run=options.dry_run,
        as_json=options.json,
        progress=None if options.progress is None else Path(options.progress),
        settings=settings,
    )

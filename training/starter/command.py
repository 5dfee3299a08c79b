"""Train the starter model, measure it, describe it in a manifest: ``python -m training.starter --output DIR``.

It works in a temporary folder first and writes the manifest last: an interrupted run leaves the old version, or a
folder without a manifest, which is no model version. Progress goes to stderr; stdout has only the result, as a
table or as JSON.

Only this module knows versions and manifests; ``supportbot init --retrain`` runs it as a separate process.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from transformers.utils import logging as transformers_logging

from supportbot.config import load_settings
from supportbot.errors import ConfigError, SupportBotError
from supportbot.models.registry import INT8_LOSS_RISE, MANIFEST, STARTER, write_manifest
from supportbot.telemetry.logs import configure_logging
from training.evaluate.int8 import int8_loss_rise
from training.evaluate.rows import Row
from training.faq.recipe import RECIPE, Recipe
from training.faq.teacher import LetterTeacher
from training.faq.train import train
from training.finetune.progress import ProgressBar
from training.starter.data import Faq, load_faq
from training.starter.measure import Figures, measure


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a run: the version's name, the time of the training, and the model's figures."""

    model_version: str
    train_seconds: float
    figures: Figures


def build(faq: Faq, recipe: Recipe, output: Path, version: str, console: Console) -> Result:
    """Train, measure and describe a starter model in ``output``.

    Raises:
        ConfigError: ``output`` has files that are no model version of ours.
    """
    if output.exists() and any(output.iterdir()) and not (output / MANIFEST).exists():
        raise ConfigError(f"'{output}' contains something other than a model version: choose an empty folder.")
    with tempfile.TemporaryDirectory(prefix="starter-") as scratch:
        trained, exports = Path(scratch, "model"), Path(scratch, "exports")
        trained.mkdir()
        started = time.monotonic()
        train(faq.material(), recipe, LetterTeacher(recipe.teacher_c), trained, [ProgressBar(console)])
        seconds = round(time.monotonic() - started, 1)
        with console.status("Asking it the questions it has not seen"):
            figures = measure(trained, faq)
            rows = [Row(text, topic.answer) for topic in faq.topics for text in topic.held_out]
            rise = int8_loss_rise(str(trained), rows, exports)
        measured = {**asdict(figures), INT8_LOSS_RISE: rise}
        _replace(output, trained)
    write_manifest(
        output,
        version=version,
        metrics={name: round(value, 4) for name, value in measured.items() if value is not None},
        training={
            "data_digest": faq.digest(),
            "recipe_digest": recipe.digest(),
            "recipe": asdict(recipe),
            "seed": recipe.seed,
            "train_seconds": seconds,
        },
        confidence_floor=round(figures.confidence_floor, 4),
    )
    return Result(version, seconds, figures)


def main(
    output: Annotated[Path, typer.Option(help="Folder for the model; a model version in it is replaced.")],
    version: Annotated[str, typer.Option(help="Name of the version, which its answers record.")] = STARTER,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of a table.")] = False,
) -> None:
    """Train the starter model from scratch on the CPU: two and a half minutes on one idle core."""
    _quieten()
    torch.set_num_threads(1)  # a second one helps on idle cores and costs several times the time on busy ones
    console = Console(stderr=True)
    try:
        configure_logging(load_settings().model_copy(update={"log_level": "warning"}))
        result = build(load_faq(), RECIPE, output, version, console)
    except SupportBotError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(json.dumps(_record(result)) + "\n")
    else:
        Console().print(_table(result, output))


def _replace(output: Path, trained: Path) -> None:
    """Move the files in; without its manifest the folder is no version until the new manifest is written."""
    output.mkdir(parents=True, exist_ok=True)
    (output / MANIFEST).unlink(missing_ok=True)
    for path in output.iterdir():
        path.unlink()
    for path in trained.iterdir():
        shutil.copyfile(path, output / path.name)  # others may read it, unlike safetensors' own


def _record(result: Result) -> dict[str, object]:
    return {
        "model_version": result.model_version,
        "train_seconds": result.train_seconds,
        "held_out_right": round(result.figures.held_out_right, 4),
        "out_of_scope_auroc": round(result.figures.out_of_scope_auroc, 4),
    }


def _table(result: Result, output: Path) -> Table:
    figures = result.figures
    table = Table("figure", "value", title=f"Starter model in {output}")
    table.add_row("trained in", f"{result.train_seconds:.0f} s on {torch.get_num_threads()} threads")
    table.add_row("held-out wordings answered rightly, sampled", f"{figures.held_out_right:.1%}")
    table.add_row("held-out wordings answered rightly, greedy", f"{figures.held_out_right_greedy:.1%}")
    table.add_row("AUROC of confidence, in scope against out of scope", f"{figures.out_of_scope_auroc:.3f}")
    table.add_row("confidence floor", f"{figures.confidence_floor:.3f} nats")
    table.add_row("out-of-scope questions below it", f"{figures.out_of_scope_below_floor:.0%}")
    return table


def _quieten() -> None:
    """Keep libraries from writing between the progress bar and the result."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()

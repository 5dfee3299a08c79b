"""``supportbot init``: a home folder that is ready to use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, err, out, print_json, start
from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.models.registry import Manifest, Registry


def init(
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the starter model anew from its FAQ (minutes).")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Prepare the home folder: migrate the database and install the starter model if there is no model yet."""
    from supportbot.bootstrap import initialise
    from supportbot.models.registry import Registry

    settings = start()
    with err.status("Preparing the database …"):
        asyncio.run(initialise(settings))
    registry = Registry(settings.models_dir)
    if retrain:
        registry.activate(_retrain_starter(registry))
    manifest = registry.manifest(registry.active() or "")
    if as_json:
        print_json(_init_figures(manifest))
        return
    out.print(Text(f"Home: {settings.home}"))
    out.print(f"Live model: {manifest.version}")
    for name, value in sorted(manifest.metrics.items()):
        out.print(f"  {name.replace('_', ' ')}: {value:.3g}")
    out.print('Try it: supportbot ask "How do I return an item?"   or start the daemon: python -m bot')


def _retrain_starter(registry: Registry) -> str:
    """Train the starter model in a process of its own, since the core stands below training, and install it."""
    version = f"starter-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "model"
        command = [
            sys.executable,
            "-m",
            "training.starter",
            "--output",
            str(output),
            "--version",
            version,
            "--json",
        ]
        finished = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own module
        if finished.returncode:
            raise SupportBotError("Training the starter model failed; what went wrong is said above.")
        return str(registry.install(output).version)


def _init_figures(manifest: Manifest) -> dict[str, Any]:
    return {
        "model_version": manifest.version,
        "train_seconds": manifest.training.get("train_seconds"),
        "held_out_right": manifest.metrics.get("held_out_right"),
        "out_of_scope_auroc": manifest.metrics.get("out_of_scope_auroc"),
    }

"""``supportbot init``: a home folder that is ready to use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, start
from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.models.registry import Manifest, Registry


def init(
    by: Actor,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the starter model again from its FAQ (minutes).")
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
        asyncio.run(go_live(settings, _retrain_starter(registry), by))
    manifest = registry.manifest(registry.active() or "")
    if as_json:
        print_json(_init_figures(manifest))
        return
    out.print(Text(f"Home: {settings.home}"))
    out.print(f"Live model: {manifest.version}")
    for name, value in sorted(manifest.metrics.items()):
        out.print(f"  {name.replace('_', ' ')}: {value:.3g}")
    out.print('Try it: supportbot ask "How do I return an item?"   or start the daemon: supportbot run')


async def go_live(settings: Settings, version: str, actor: str) -> None:
    """Promote a newly trained starter model, as a decision of the person who asked for it.

    Raises:
        ModelError: it is unsound.
        DatabaseError: the decision cannot be recorded.
    """
    from supportbot.bootstrap import open_database
    from supportbot.models.loading import make_local_engine
    from supportbot.models.publishing import Publishing
    from supportbot.models.registry import Registry
    from supportbot.models.supply import open_supply

    async with open_database(settings) as database:
        registry = Registry(settings.models_dir)
        supply = open_supply(settings, database, registry)
        publishing = Publishing(database, registry, partial(make_local_engine, settings), supply)
        await publishing.promote(version, actor, force_reason="trained again by `supportbot init --retrain`")


def _retrain_starter(registry: Registry) -> str:
    """Train the starter model in a process of its own, since the core must not import training, and install it."""
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
            raise SupportBotError("Training the starter model failed: see the messages above.")
        return str(registry.install(output).version)


def _init_figures(manifest: Manifest) -> dict[str, Any]:
    return {
        "model_version": manifest.version,
        "train_seconds": manifest.training.get("train_seconds"),
        "held_out_right": manifest.metrics.get("held_out_right"),
        "out_of_scope_auroc": manifest.metrics.get("out_of_scope_auroc"),
    }

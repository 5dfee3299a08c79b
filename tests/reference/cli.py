"""The page of commands, from the definitions that print ``--help``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
import typer.cli
from typer.models import Context

from supportbot.cli import app

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))

TRAINING = ("training.curate", "training.evaluate.command", "training.publish.command", "training.starter.command")
"""Modules of training whose ``main`` is a command line. ``training.finetune`` has its own chapter in the guide."""

_HEAD = """# Command line

All commands print help with `--help`. Most take `--json` for scripts. Exit status 0 is success. Status 2 is an
error that you can fix, printed as one sentence. `supportbot doctor` exits with 1 if a check fails, and
`supportbot replay` with 1 if the answer differs.

The daemon is `supportbot run`. It takes no options: its [settings](settings.md) come from the environment.
`python -m training.finetune` has many options, which [the training guide](../training.md#5-fine-tune) explains.

"""


def build_page() -> str:
    """Return the page in Markdown."""
    commands = [("supportbot", supportbot_command())]
    for module in TRAINING:
        name = f"python -m {module.removesuffix('.command')}"
        commands.append((name, command_of(import_module(module).main)))
    return _HEAD + "\n".join(_describe(name, command) for name, command in commands)


def supportbot_command() -> Any:
    """Return the command line of ``supportbot``, with the commands that join through entry points."""
    group: Any = typer.main.get_command(app)
    for name, target in PROJECT["project"]["entry-points"]["supportbot.commands"].items():
        module, _, function = target.partition(":")
        group.add_command(command_of(getattr(import_module(module), function)), name)
    return group


def command_of(function: Callable[..., Any]) -> Any:
    """Return the command line of a function, as ``typer.run`` makes it."""
    alone = typer.Typer(add_completion=False)
    alone.command()(function)
    return typer.main.get_command(alone)


def _describe(name: str, command: Any) -> str:
    text = typer.cli.get_docs_for_click(
        obj=command, ctx=Context(command, info_name=name), name=name, title=f"`{name}`"
    )
    # One level below the title of the page, and a mark for blocks that show a synopsis instead of a command.
    lowered = [f"#{line}" if line.startswith("#") else line for line in text.splitlines()]
    return "\n".join(lowered).replace("```console\n$ ", "```text\n").strip() + "\n"

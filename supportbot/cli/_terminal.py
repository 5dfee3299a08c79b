"""What all commands share: the two consoles, the settings, JSON for scripts."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from supportbot.config import Settings

out = Console(soft_wrap=True)
err = Console(stderr=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def start() -> Settings:
    """Read the settings and let only warnings of the core reach the terminal."""
    from supportbot.config import load_settings
    from supportbot.logs import configure_logging

    settings = load_settings()
    quiet = (
        settings
        if "log_level" in settings.model_fields_set
        else settings.model_copy(update={"log_level": "warning"})
    )
    configure_logging(quiet)
    return settings


def print_json(value: object) -> None:
    """Print one JSON document, the only thing on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

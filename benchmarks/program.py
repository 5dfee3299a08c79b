"""What the command of each benchmark begins and ends with: a folder for what it makes, a file for its figures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from supportbot.errors import SupportBotError

_FAULT = 2


@contextmanager
def open_scratch() -> Generator[Path]:
    """Give a folder for what is made on the way; what the user can mend becomes a sentence and exit status 2."""
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            yield Path(scratch)
    except SupportBotError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_FAULT) from None


def save_record(record: Mapping[str, Any], path: Path) -> None:
    """Write the figures of a run."""
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")

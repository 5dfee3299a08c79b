"""Common parts of the benchmarks' commands: a scratch folder, progress, a file for the figures."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from supportbot.errors import SupportBotError

_FAULT = 2

_TELL_SECONDS = 15.0
"""Seconds between two lines of progress outside a terminal."""


class Telling(Progress):
    """A bar on a terminal; elsewhere a line from time to time, since a bar would show nothing until the end."""

    def __init__(self) -> None:
        super().__init__(console=Console(stderr=True), transient=True)
        self._told_at = time.monotonic()

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Update the display of a task; see the library."""
        super().update(task_id, **changes)
        self._tell(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Add to the finished part of a task."""
        super().advance(task_id, advance)
        self._tell(task_id)

    def _tell(self, task_id: TaskID) -> None:
        if not self.console.is_terminal and time.monotonic() - self._told_at >= _TELL_SECONDS:
            self._told_at = time.monotonic()
            task = self._tasks[task_id]
            total = f" of {task.total:,.0f}" if task.total is not None else ""
            self.console.print(f"{task.description}: {task.completed:,.0f}{total}", highlight=False)


@contextmanager
def open_scratch() -> Generator[Path]:
    """Yield a scratch folder; errors that the user can fix become a sentence and exit status 2.

    SIGTERM ends the command as Ctrl-C does, and Ctrl-C also ends one that a shell started in the background.
    Otherwise the daemons and servers that the command started would live on.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            yield Path(scratch)
    except SupportBotError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_FAULT) from None


def save_record(record: Mapping[str, Any], path: Path) -> None:
    """Write the figures of a run."""
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")

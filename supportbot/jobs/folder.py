"""The files in the folder of a job: its output, its progress, a lock, and finally how it ended.

This module reads; what is not of the form that is expected counts as not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from supportbot.models.measured import LossPoint, losses_of

LOG, PROGRESS, LOCK, END = "output.log", "progress.jsonl", "lock", "end.json"

GO = "go\n"
"""What the process waits for."""

_TAIL_BYTES = 16_384
_TAIL_LINES = 60

_PREFIXES = ("evaluate: ", "publish: ")
_SENTENCE = 2
"""The exit status of a command whose last line says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is.

    Attributes:
        phase: as the command calls it; empty before the first.
        done: of it.
        total: likewise; None where nobody knows.
        seconds_left: as above.
        losses: so far, of a training.
    """

    phase: str = ""
    done: int = 0
    total: int | None = None
    seconds_left: float | None = None
    losses: tuple[LossPoint, ...] = ()

    @property
    def share(self) -> float | None:
        """How much of the phase is done."""
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class End:
    """How the command ended, and when."""

    exit_code: int
    at: datetime


class ProgressFile:
    """Reads the progress of a job, each line once.

    Args:
        folder: of the job.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / PROGRESS
        self._offset = 0
        self._last: Mapping[str, object] = {}
        self._history: list[object] = []

    def read(self) -> Progress:
        """Return how far it is now; blocks."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return Progress()
        whole, _, _ = new.rpartition(b"\n")
        self._offset += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            self._take(line)
        done, total, left = (self._last.get(name) for name in ("done", "total", "seconds_left"))
        return Progress(
            phase=str(self._last.get("phase", "")),
            done=done if isinstance(done, int) else 0,
            total=total if isinstance(total, int) else None,
            seconds_left=float(left) if isinstance(left, int | float) else None,
            losses=losses_of(self._history),
        )

    def _take(self, line: bytes) -> None:
        try:
            values = json.loads(line)
        except ValueError:
            return
        if isinstance(values, dict) and "phase" in values:
            self._last = values
        elif isinstance(values, dict):
            self._history.append(values)


def end_of(folder: Path) -> End | None:
    """Return how the command ended; None where it did not say so; blocks."""
    path = folder / END
    try:
        code = json.loads(path.read_text("utf-8"))["exit_code"]
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return End(code, at) if isinstance(code, int) else None


def tail_of(folder: Path) -> str:
    """Return the last lines of the output; blocks."""
    try:
        with (folder / LOG).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(line.rstrip() for line in text.splitlines()[-_TAIL_LINES:])


def sentence_of(folder: Path, exit_code: int | None) -> str:
    """Return what the command said was wrong; "" where it said nothing that is meant for people; blocks."""
    lines = [line for line in tail_of(folder).splitlines() if line.strip()]
    if exit_code != _SENTENCE or not lines:
        return ""
    said = lines[-1].strip()
    for prefix in _PREFIXES:
        said = said.removeprefix(prefix)
    return said

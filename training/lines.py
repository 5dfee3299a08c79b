"""Progress for programs: one JSON object a line, in a file that ``--progress FILE`` names.

A line has the progress of a phase, ``{"phase": "train", "done": 120, "total": 1000, "seconds_left": 31}``, or a
measurement at a step, ``{"step": 120, "loss": 2.31}``. Losses are in nats a token.

This module knows no training and no evaluation.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path

from supportbot.errors import ConfigError

_SECONDS = 0.5
"""Seconds between two lines of progress: nobody looks more often."""


class Lines:
    """Writes lines; nothing without a file.

    Args:
        path: the file; lines are appended.

    Raises:
        ConfigError: it can't be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told = -math.inf
        if path is not None:
            try:
                path.open("a", encoding="utf-8").close()
            except OSError as error:
                raise ConfigError(
                    f"'{path}' cannot be written: {error.strerror}; choose another file with --progress."
                ) from error

    def done(self, phase: str, done: float, total: float | None, seconds_left: float | None = None) -> None:
        """Write the progress of a phase; drops a line too soon after the last, but never the end."""
        now = time.monotonic()
        if now - self._told >= _SECONDS or done == total:
            self._told = now
            values = {"phase": phase, "done": int(done), "total": None if total is None else int(total)}
            left = {} if seconds_left is None else {"seconds_left": round(seconds_left, 1)}
            self._write({**values, **left})

    def logged(self, step: int, **losses: float) -> None:
        """Write a measurement at a step; leaves out NaN and infinities, which JSON lacks."""
        self._write({"step": step, **{name: one for name, one in losses.items() if math.isfinite(one)}})

    def _write(self, values: Mapping[str, object]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

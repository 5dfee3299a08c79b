"""Progress for programs: one JSON object a line, in a file that ``--progress FILE`` names.

A line says how much of a phase is done, ``{"phase": "train", "done": 120, "total": 1000, "seconds_left": 31}``, or
what was measured at a step, ``{"step": 120, "loss": 2.31}``. Losses are in nats a token.

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
"""Between two lines about how much is done: nobody looks more often."""


class Lines:
    """Writes lines; nothing without a file.

    Args:
        path: the file; lines are added to what is in it.

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
                    f"'{path}' cannot be written: {error.strerror}; give --progress another file."
                ) from error

    def done(self, phase: str, done: float, total: float | None, seconds_left: float | None = None) -> None:
        """Say how much of a phase is done; what comes too soon after the last line is left out, but no end."""
        now = time.monotonic()
        if now - self._told >= _SECONDS or done == total:
            self._told = now
            values = {"phase": phase, "done": int(done), "total": None if total is None else int(total)}
            left = {} if seconds_left is None else {"seconds_left": round(seconds_left, 1)}
            self._write({**values, **left})

    def logged(self, step: int, **losses: float) -> None:
        """Say what was measured at a step; what is no number is left out, since JSON has none."""
        self._write({"step": step, **{name: one for name, one in losses.items() if math.isfinite(one)}})

    def _write(self, values: Mapping[str, object]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

"""A measurement in its own process, so that memory is not shared."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from supportbot.errors import SupportBotError


def measure_alone(*arguments: str) -> dict[str, Any]:
    """Measure in a new process, which prints its figures as the last line."""
    finished = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.knowledge", "--only", *arguments],
        capture_output=True,
        check=False,
        text=True,
    )
    if finished.returncode:
        raise SupportBotError(f"Measuring {' '.join(arguments)} failed: {finished.stderr.strip()[-300:]}")
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures

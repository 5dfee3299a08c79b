"""``supportbot run``: the process becomes ``python -m bot``, so signals and exit statuses are the same."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Run the daemon: the chat page, and Slack and Discord where there are tokens."""
    # Without the folder that one stands in: a folder `bot` in it is not ours.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "bot"])  # noqa: S606 - no shell is wanted

"""What the bot keeps is its operator's alone: files are made so; what others can open is named, never changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_OTHERS = 0o077
"""Everything that the group and all other users may do with a file."""


def keep_private() -> None:
    """Let this process, and those that it starts, make files that only their owner can open."""
    os.umask(_OTHERS)


def find_open(*paths: Path) -> Iterator[tuple[Path, str]]:
    """Yield each path that other users can open, with a sentence that says how to fix that."""
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:  # what is not there, or not ours, is no secret of ours
            continue
        if mode & _OTHERS:
            wanted = "700" if path.is_dir() else "600"
            yield path, f"{path} is open to other users (mode {mode:04o}): run `chmod {wanted} {path}`."

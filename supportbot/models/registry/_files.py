"""Files that others read: hashed, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def sha256(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, never finds half of it."""
    staged = path.with_name(f".{path.name}.new")
    staged.write_text(text, "utf-8")
    fsync(staged)
    staged.replace(path)


def fsync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())

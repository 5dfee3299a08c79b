"""Which weights a report is about."""

from __future__ import annotations

import hashlib
from pathlib import Path


def weights_digest(location: str | Path) -> str:
    """Return the sha256 of a directory's weights, so that a report can't pass for that of another training.

    A model of the hub has none, which is the empty text.
    """
    digest = hashlib.sha256()
    paths = sorted(Path(location).glob("*.safetensors"))
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest() if paths else ""

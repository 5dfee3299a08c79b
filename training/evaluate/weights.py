"""Which weights a report is about."""

from __future__ import annotations

import hashlib
from pathlib import Path


def weights_digest(location: str | Path) -> str:
    """Return the sha256 of a directory's weights, so that a report can't be used for another training.

    For a model of the hub it is empty.
    """
    digest = hashlib.sha256()
    paths = sorted(Path(location).glob("*.safetensors"))
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest() if paths else ""

"""The files of a model directory and of its export: what they are called, and which ones hold the weights.

The model's process, and a daemon that finds an export, need nothing else, so this imports nothing slow.
"""

from __future__ import annotations

import json
from pathlib import Path

from supportbot.errors import ModelError

CONFIG = "config.json"
_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"

GRAPH = "openvino_model.xml"
NUMBERS = "openvino_model.bin"
ABOUT = "export.json"
"""Of an export."""


def find_weights(model: Path) -> list[Path]:
    """Return the files of a model directory that hold its tensors.

    Raises:
        ModelError: there are none, or some are missing.
    """
    files = [model / _SINGLE]
    if not files[0].is_file() and (model / _INDEX).is_file():
        try:
            names = set(json.loads((model / _INDEX).read_text("utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"'{model / _INDEX}' is damaged: install or train that model again.") from error
        # Only files in the directory itself belong to the model.
        files = sorted(model / Path(str(name)).name for name in names)
    missing = [file.name for file in files if not file.is_file()]
    if missing or not files:
        name = missing[0] if missing else _SINGLE
        raise ModelError(f"'{model}' has no {name}: install or train that model again.")
    return files

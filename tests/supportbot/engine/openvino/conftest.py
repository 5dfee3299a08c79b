"""Fixtures of the openvino engine."""

from __future__ import annotations

from pathlib import Path

import pytest

# Before any test imports the library itself: this shuts its reporting out.
from supportbot.engine.openvino.export import export


@pytest.fixture(scope="session")
def graph(tiny_model: Path, exports: Path) -> Path:
    """The tiny model, exported."""
    return export(tiny_model, exports, "16bit")

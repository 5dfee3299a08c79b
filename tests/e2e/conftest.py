"""A prepared home folder, as `supportbot init` leaves it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from supportbot.bootstrap import initialise
from supportbot.config import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a migrated database and the starter model."""
    path = tmp_path / "home"
    asyncio.run(initialise(Settings(home=path)))
    return path

"""A prepared home folder, as `supportbot init` leaves it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from supportbot.bootstrap import initialise
from supportbot.config import Settings
from tests.e2e import daemon


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a migrated database and the starter model, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "home"
    asyncio.run(initialise(Settings(home=path)))
    return path


@pytest.fixture
def home(tmp_path: Path, prepared_home: Path) -> Path:
    """A home folder with a migrated database and the starter model."""
    return Path(shutil.copytree(prepared_home, tmp_path / "home"))


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python starts anew for each process, as it does for an operator."""
    monkeypatch.setattr(daemon, "IS_FORKED", False)

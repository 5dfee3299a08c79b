"""A registry with a live version, and what decides about versions."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.models.loading import make_engine
from supportbot.models.publishing import Publishing
from supportbot.models.registry import Registry
from tests.versions import install_version


@pytest.fixture
def registry(tiny_model: Path, tmp_path: Path) -> Registry:
    """A registry whose live version is `base`."""
    registry = Registry(tmp_path / "models")
    install_version(registry, tiny_model, "base")
    registry.activate("base")
    return registry


@pytest.fixture
def publishing(database: Database, registry: Registry) -> Publishing:
    """What decides."""
    return Publishing(database, registry, partial(make_engine, Settings()))

"""Fixtures of the engines: a folder of exported models that all tests of a process share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which exported models are kept."""
    return tmp_path_factory.mktemp("exports")

"""Python anew, where what is imported already would hide something."""

from __future__ import annotations

import pytest

from tests.e2e import daemon


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python starts anew for each process, as it does for an operator."""
    monkeypatch.setattr(daemon, "IS_FORKED", False)

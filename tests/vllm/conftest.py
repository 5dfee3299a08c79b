"""What a check measured, printed at its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_measured = pytest.StashKey[list[str]]()


@pytest.fixture
def record(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """A function that keeps a line for the summary."""
    return pytestconfig.stash.setdefault(_measured, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    for line in config.stash.get(_measured, []):
        terminalreporter.write_line(line)

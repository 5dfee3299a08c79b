"""The log as the daemon configures it, and as it was before."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from supportbot.faults import OUR_PACKAGES


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Whatever a test configures, the next one finds the log as it was."""
    loggers = [logging.getLogger(), *map(logging.getLogger, sorted(OUR_PACKAGES))]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    config = structlog.get_config()
    yield
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
    structlog.configure(**config)

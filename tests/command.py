"""Runs the `supportbot` command in this process: a third of the work of a process of its own.

What starts, reads a terminal or ends with a process is tested with one (``tests/program.py``, ``tests/e2e``).
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from unittest.mock import patch

import pytest
import structlog
import typer
from rich.console import Console

from supportbot import cli
from supportbot.cli import _terminal
from supportbot.faults import OUR_PACKAGES
from tests.program import Finished


async def run_command(arguments: Sequence[str], environment: Mapping[str, str], *, typed: str = "") -> Finished:
    """Run ``supportbot`` to its end, as ``tests.program.run_module`` does in a process of its own.

    Args:
        arguments: what follows its name.
        environment: all of it.
        typed: what it finds on its standard input.
    """
    # In a thread, for a command has an event loop of its own.
    return await asyncio.to_thread(_run, ["supportbot", *arguments], environment, typed)


def _run(line: list[str], environment: Mapping[str, str], typed: str) -> Finished:
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    mask = os.umask(0o022)
    try:
        with (
            pytest.raises(SystemExit) as ended,
            patch.dict(os.environ, environment, clear=True),
            # They look at the environment when they are made.
            patch.dict(vars(_terminal.out), vars(Console(soft_wrap=True)), clear=True),
            patch.dict(vars(_terminal.err), vars(Console(stderr=True)), clear=True),
            patch.object(cli, "app", _built()),
            patch.multiple(sys, argv=line, stdin=io.StringIO(typed), excepthook=sys.excepthook),
            redirect_stdout(output),
            redirect_stderr(errors),
            restored_logging(),
        ):
            cli.main()
    finally:
        os.umask(mask)
    status = ended.value.code
    assert isinstance(status, int)
    return Finished(status, _written(output), _written(errors))


@cache
def _built() -> Callable[[], None]:
    """The command line, which it takes longer to build than many a command to run."""
    return typer.main.get_command(cli.app)


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def restored_logging() -> Iterator[None]:
    """Whatever is configured meanwhile, the log is afterwards as it was."""
    loggers = [logging.getLogger(), *map(logging.getLogger, sorted(OUR_PACKAGES))]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    config = structlog.get_config()
    try:
        yield
    finally:
        for logger, handlers, level in before:
            logger.handlers[:] = handlers
            logger.setLevel(level)
        structlog.configure(**config)

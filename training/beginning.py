"""The start of a command that needs training's libraries: it looks for them before it imports any."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from supportbot.errors import MissingExtraError
from supportbot.extras import Extra, require
from supportbot.private import keep_private

_FAULT = 2


def begin(module: str) -> None:
    """Run the ``main`` of a module as a command line; without the libraries, one sentence and exit status 2."""
    keep_private()
    try:
        require(Extra.TRAIN)
    except MissingExtraError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_FAULT)
    typer.run(import_module(module).main)

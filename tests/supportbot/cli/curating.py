"""Runs the `supportbot` command on a database, with something typed into it."""

from __future__ import annotations

from pathlib import Path

from supportbot.db.session import Database
from tests.command import run_command
from tests.e2e.daemon import environment
from tests.program import Finished, run_module


async def supportbot(
    database: Database,
    *arguments: str,
    typed: str = "",
    terminal: str | None = None,
    apart: bool = False,
    **settings: str,
) -> Finished:
    """Run the command to its end.

    Args:
        database: that it works on.
        arguments: what follows its name.
        typed: what it finds on its standard input.
        terminal: the device that it reads from instead, in a process of its own.
        apart: in a process of its own, as an operator's shell does.
        settings: of the environment.
    """
    url = database.url.render_as_string(hide_password=False)
    variables = environment(Path.cwd() / "home", {"SUPPORTBOT_DATABASE_URL": url, "COLUMNS": "200", **settings})
    if terminal or apart:
        return await run_module("supportbot.cli", arguments, variables, typed=typed, terminal=terminal)
    return await run_command(arguments, variables, typed=typed)

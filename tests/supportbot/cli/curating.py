"""Runs the `supportbot` command on a database, with something typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from supportbot.db.session import Database
from tests.command import run_command
from tests.e2e.daemon import environment
from tests.program import Finished, run_module


async def supportbot(database: Database, *arguments: str, typed: str = "", **settings: str) -> Finished:
    """Run the command to its end, in this process."""
    return await run_command(arguments, _environment(database, settings), typed=typed)


async def supportbot_apart(
    database: Database, *arguments: str, terminal: str | None = None, **settings: str
) -> Finished:
    """Run the command to its end in a process of its own, as a shell does; it may read from a terminal."""
    return await run_module("supportbot.cli", arguments, _environment(database, settings), terminal=terminal)


def _environment(database: Database, settings: Mapping[str, str]) -> dict[str, str]:
    url = database.url.render_as_string(hide_password=False)
    return environment(Path.cwd() / "home", {"SUPPORTBOT_DATABASE_URL": url, "COLUMNS": "200", **settings})

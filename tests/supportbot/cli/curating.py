"""Runs the real `supportbot` command on a database, with something typed into it."""

from __future__ import annotations

from pathlib import Path

from supportbot.db.session import Database
from tests.e2e.daemon import environment
from tests.program import Finished, run_module


async def supportbot(
    database: Database, *arguments: str, typed: str = "", terminal: str | None = None, **settings: str
) -> Finished:
    """Run the command to its end; see ``run_module``."""
    url = database.url.render_as_string(hide_password=False)
    variables = environment(Path.cwd() / "home", {"SUPPORTBOT_DATABASE_URL": url, "COLUMNS": "200", **settings})
    return await run_module("supportbot.cli", arguments, variables, typed=typed, terminal=terminal)

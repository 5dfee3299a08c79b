"""Runs the real `supportbot` command on a database, with something typed into it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from supportbot.db.session import Database
from tests.e2e.daemon import environment


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    output: str
    errors: str


async def supportbot(database: Database, *arguments: str, typed: str = "", **settings: str) -> Finished:
    """Run the command to its end."""
    url = database.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "supportbot.cli",
        *arguments,
        cwd=Path(__file__).parents[3],
        env=environment(Path.cwd() / "home", {"SUPPORTBOT_DATABASE_URL": url, "COLUMNS": "200", **settings}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(typed.encode())
    return Finished(process.returncode or 0, output.decode(), errors.decode())

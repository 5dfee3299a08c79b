"""What all commands share: the two consoles, the settings, the name for the audit, JSON for scripts."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from supportbot.printable import UNPRINTABLE

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database

T = TypeVar("T")

out = Console(soft_wrap=True)
err = Console(stderr=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _default_actor() -> str:
    from supportbot.db.audit import current_user  # late: `--help` answers at once

    return current_user()


def _named(actor: str) -> str:
    if not actor.strip():
        raise typer.BadParameter("it needs a name, for the audit.")
    return actor


Actor = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        default_factory=_default_actor,
        callback=_named,
        show_default="the user",
        help="Your name, for the audit.",
    ),
]


def start() -> Settings:
    """Read the settings; the core logs only warnings to the terminal, unless a level is set."""
    from supportbot.config import load_settings
    from supportbot.telemetry.logs import configure_logging

    settings = load_settings()
    quiet = (
        settings
        if "log_level" in settings.model_fields_set
        else settings.model_copy(update={"log_level": "warning"})
    )
    configure_logging(quiet)
    return settings


def with_database(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """Open the database, do the work, and close it."""
    settings = start()

    async def run() -> T:
        from supportbot.bootstrap import open_database
        from supportbot.db.schema import check_schema

        async with open_database(settings) as database:
            await check_schema(database)
            return await work(database, settings)

    return asyncio.run(run())


def print_json(value: object) -> None:
    """Print one JSON document, the only thing on stdout; exact, with control characters as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write(UNPRINTABLE.sub(_spelt_out, text) + "\n")


def _spelt_out(found: re.Match[str]) -> str:
    """Return a character as a JSON escape, in two halves if necessary."""
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))

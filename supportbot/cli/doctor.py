"""``supportbot doctor``: what is wrong, and how to fix it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, err, out, print_json, start
from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.config import Settings


def doctor(as_json: JsonFlag = False) -> None:
    """Check every setting, the database, the model and the disk, and say how to fix what is wrong."""
    from supportbot.cli._checks import describe_settings
    from supportbot.cli._findings import Finding, show_findings

    try:
        settings = start()
    except SupportBotError as error:
        findings = [Finding("settings", False, str(error))]
        lines = []
    else:
        lines = describe_settings(settings)
        with err.status("Looking …"):
            findings = [
                Finding("settings", True, f"{len(lines)} settings, none unknown"),
                *asyncio.run(_examine(settings)),
            ]
    if as_json:
        print_json({"settings": [asdict(line) for line in lines], "checks": [asdict(item) for item in findings]})
    else:
        table = Table("setting", "value", "", box=None, header_style="bold")
        for line in lines:
            table.add_row(line.key, Text(line.value), "set" if line.is_set else Text("default", style="dim"))
        out.print(table)
        out.print()
        show_findings(findings)
    if not all(item.ok for item in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Any]:
    from supportbot.cli._checks import examine

    return [finding async for finding in examine(settings)]

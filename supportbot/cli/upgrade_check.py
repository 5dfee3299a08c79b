"""``supportbot upgrade-check``: checks for a restart with this version, while the old daemon still runs."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from supportbot.cli._terminal import JsonFlag, err, print_json

if TYPE_CHECKING:
    from supportbot.cli._findings import Finding


def upgrade_check(as_json: JsonFlag = False) -> None:
    """Check before an upgrade: settings, migrations, backup, model, encoder, disk. It changes nothing."""
    from supportbot.cli._findings import show_findings

    with err.status("Looking …"):
        findings = asyncio.run(_examine())
    if as_json:
        print_json({"checks": [asdict(item) for item in findings]})
    else:
        show_findings(findings)
    if not all(item.ok for item in findings):
        raise typer.Exit(1)


async def _examine() -> list[Finding]:
    from supportbot.cli._upgrading import examine

    return [finding async for finding in examine()]

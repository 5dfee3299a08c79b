"""``supportbot restore``: restores a backup after checking that it is complete."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, err, out, print_json, start

if TYPE_CHECKING:
    from supportbot.backup.restoring import Restored


def restore(
    path: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    force: Annotated[bool, typer.Option("--force", help="Move existing data aside instead of refusing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Restore a backup while the bot is stopped, and migrate its database to this version."""
    from supportbot.backup.restoring import restore_backup

    settings = start()
    with err.status("Looking …") as status:
        restored = asyncio.run(
            restore_backup(settings, path, lambda what, share: status.update(f"{what}: {share:.0%}"), force=force)
        )
    if as_json:
        print_json(_record(restored))
        return
    out.print(Text(f"Restored to {settings.home}, as it was at {restored.manifest.created_at}."))
    for moved in restored.moved_aside:
        out.print(Text(f"The previous data is now {moved}"))
    out.print("Settings and secrets are not part of a backup: compare your .env with settings.json in the backup.")


def _record(restored: Restored) -> dict[str, Any]:
    return {
        "created_at": restored.manifest.created_at,
        "schema": restored.manifest.schema,
        "live_model": restored.manifest.live_model,
        "moved_aside": [str(path) for path in restored.moved_aside],
    }

"""``supportbot backup``: saves what cannot be made again, also while the bot runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, err, out, print_json, start

if TYPE_CHECKING:
    from supportbot.backup.making import Made

_MEGABYTE = 10**6


def backup(
    path: Annotated[Path, typer.Argument(help="The folder to make; it must not exist yet.")],
    as_json: JsonFlag = False,
) -> None:
    """Save the database, the models and a list of the settings (without secrets) in one folder; the bot may
    run."""
    from supportbot.backup.making import make_backup

    settings = start()
    with err.status("Looking …") as status:
        made = make_backup(settings, path, lambda what, share: status.update(f"{what}: {share:.0%}"))
    if as_json:
        print_json(_record(made))
        return
    out.print(Text(f"{made.path}: {made.size / _MEGABYTE:.1f} MB in {len(made.manifest.files)} files"))
    for version in made.manifest.left_out:
        err.print(
            Text(f"supportbot: Version '{version}' is damaged and was left out: see `supportbot models list`.")
        )
    out.print("It contains people's questions: keep it where nobody else can read it.")


def _record(made: Made) -> dict[str, Any]:
    return {
        "path": str(made.path),
        "bytes": made.size,
        "files": len(made.manifest.files),
        "created_at": made.manifest.created_at,
        "schema": made.manifest.schema,
        "live_model": made.manifest.live_model,
        "left_out": list(made.manifest.left_out),
    }

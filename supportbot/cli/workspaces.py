"""``supportbot workspaces``: lists where the Slack app is installed, if many workspaces can install it, and ends
an installation."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, out, print_json, with_database
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.installations import Installed

app = typer.Typer(help="Slack workspaces that have installed the app.", no_args_is_help=True)


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List the workspaces, the oldest installation first, without tokens."""

    async def work(database: Database, settings: Settings) -> list[Installed]:
        from supportbot.installations import installed

        async with database.read() as session:
            return await installed(session)

    found = with_database(work)
    if as_json:
        print_json([_figures(one) for one in found])
        return
    if not found:
        out.print(
            "No workspace has installed the app: set SLACK_CLIENT_ID, and open /slack/install on the page's port."
        )
        return
    table = Table("workspace", "name", "installed", "token", header_style="bold")
    for one in found:
        ends = one.token_expires_at
        table.add_row(
            Text(printable(one.workspace)),
            Text(printable(one.name)),
            f"{one.installed_at.astimezone():%d %b %Y %H:%M}",
            f"is renewed before {ends.astimezone():%d %b %H:%M}" if ends else "stays valid",
        )
    out.print(table)


@app.command()
def remove(
    workspace: Annotated[str, typer.Argument(help="Its id, such as T0123.")],
    by: Actor,
) -> None:
    """Forget a workspace's token: within seconds the bot neither receives from it nor sends there.

    Its questions stay in the log.
    """

    async def work(database: Database, settings: Settings) -> bool:
        from supportbot.installations import remove as remove_installation

        return await remove_installation(database, workspace.strip(), by)

    if not with_database(work):
        raise SupportBotError(
            f"The app is not installed in '{workspace}': `supportbot workspaces list` shows the installations."
        )
    out.print(
        f"{printable(workspace)} is removed. People there still see the app until somebody removes it in Slack."
    )


def _figures(one: Installed) -> dict[str, Any]:
    times = {"installed_at": one.installed_at, "token_expires_at": one.token_expires_at}
    return asdict(one) | {name: at.isoformat() if at else None for name, at in times.items()}

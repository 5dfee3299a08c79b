"""``supportbot consent``: which workspaces allow training, and who decided that."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, start
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.feedback.consent import WorkspaceConsent

_PLATFORMS = ("discord", "slack")


def consent(
    platform: Annotated[
        str | None, typer.Argument(help="`slack`, `discord` or `web`; without it, all workspaces are listed.")
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Argument(
            help="The id of the workspace or guild; `dm:` and a person's id for their direct messages in Discord; "
            "`public` for a page on a network."
        ),
    ] = None,
    allow: Annotated[
        bool, typer.Option("--allow-training", help="Its admin allows training on messages there.")
    ] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Its admin withdraws the consent.")] = False,
    by: Annotated[str, typer.Option("--by", help="The name of the admin.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Record that a workspace allows training, or withdraw that, or list all workspaces."""
    if platform is None:
        if allow or withdraw:
            raise SupportBotError(
                "Name the workspace that gives consent: `supportbot consent slack T123 "
                "--allow-training --by NAME`."
            )
        _show(asyncio.run(_list(start())), as_json)
        return
    if platform not in (*_PLATFORMS, "cli", "web"):
        raise SupportBotError(f"There is no platform '{platform}': use slack, discord or web.")
    if workspace is None or allow == withdraw:
        raise SupportBotError(
            "Name one workspace and one decision, such as "
            f"`supportbot consent {platform} T123 --allow-training --by NAME` (or --withdraw)."
        )
    _show([asyncio.run(_record(start(), platform, workspace, by, allow))], as_json)


async def _record(settings: Settings, platform: str, workspace: str, by: str, allowed: bool) -> WorkspaceConsent:
    from supportbot.bootstrap import open_database
    from supportbot.db.schema import check_schema
    from supportbot.feedback import consent

    async with open_database(settings) as database:
        await check_schema(database)
        return await consent.allow(database, platform, workspace, by, allow=allowed)


async def _list(settings: Settings) -> list[WorkspaceConsent]:
    from supportbot.bootstrap import open_database
    from supportbot.db.schema import check_schema
    from supportbot.feedback import consent

    async with open_database(settings) as database:
        await check_schema(database)
        found = await consent.workspaces(database)
    # Nobody may have asked there yet, but the operator should see that it needs consent.
    page = consent.PUBLIC_PAGE
    is_known = any((one.platform, one.external_id) == (page.platform, page.external_id) for one in found)
    return found if settings.page_is_local or is_known else [*found, page]


def _show(found: list[WorkspaceConsent], as_json: bool) -> None:
    if as_json:
        print_json([_figures(workspace) for workspace in found])
        return
    if not found:
        out.print("There is no question from any workspace yet.")
        return
    table = Table("platform", "workspace", "name", "allows training", header_style="bold")
    for workspace in found:
        table.add_row(
            *(Text(printable(text)) for text in (workspace.platform, workspace.external_id, workspace.name)),
            _said(workspace),
        )
    out.print(table)


def _said(workspace: WorkspaceConsent) -> Text:
    if workspace.at is not None:
        return Text(f"yes, by {printable(workspace.by or '')} on {workspace.at.astimezone():%d %b %Y}")
    return Text("yes, it is this machine") if workspace.counts else Text("no", style="dim")


def _figures(workspace: WorkspaceConsent) -> dict[str, Any]:
    return {**asdict(workspace), "at": workspace.at.isoformat() if workspace.at else None}

"""``supportbot handoffs``: lists the questions that people were asked, and closes one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, out, print_json, with_database
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.handoffs.listing import Standing

app = typer.Typer(help="Questions that the bot handed to people.", no_args_is_help=True)

_TIMES = ("asked_at", "first_reply_at", "reminded_at", "resolved_at")
_SHOWN = 100


@app.command("list")
def list_(
    is_open: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List hand-offs: the open ones, the oldest first, then the closed ones, the newest first."""

    async def work(database: Database, settings: Settings) -> list[Standing]:
        from supportbot.db import audit
        from supportbot.handoffs.listing import listed

        found = await listed(database, unresolved_only=is_open, limit=limit)
        async with database.write() as session:
            details = {"handoffs": len(found)}
            audit.record(
                session, actor=audit.current_user(), action="handoff.read", subject="handoffs", details=details
            )
        return found

    found = with_database(work)
    if as_json:
        print_json([_figures(one) for one in found])
        return
    if not found:
        out.print("No question was handed to a person yet." if not is_open else "No hand-off is open.")
        return
    table = Table("id", "state", "asked", "where", "whom", header_style="bold", expand=True)
    table.add_column("question", ratio=1)
    for one in found:
        table.add_row(
            str(one.handoff_id),
            one.state.value,
            one.asked_at.astimezone().strftime("%d %b %H:%M"),
            Text(printable(f"{one.platform} {one.channel}")),
            Text(printable(one.target)),
            Text(_shortened(one.question)),
        )
    Console().print(table)


@app.command()
def resolve(
    handoff_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, help="Its id, as in `supportbot handoffs list`.")
    ],
    by: Actor,
) -> None:
    """Close a hand-off: the asker needs no help any more."""

    async def work(database: Database, settings: Settings) -> bool:
        from supportbot.handoffs.listing import resolve_as_operator

        return await resolve_as_operator(database, handoff_id, by)

    is_new = with_database(work)
    out.print(f"Hand-off {handoff_id} is closed." if is_new else f"Hand-off {handoff_id} was already closed.")


def _figures(one: Standing) -> dict[str, Any]:
    record = asdict(one)
    return record | {name: record[name].isoformat() if record[name] else None for name in _TIMES}


def _shortened(text: str) -> str:
    text = " ".join(printable(text).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

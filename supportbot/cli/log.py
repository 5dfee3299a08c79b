"""``supportbot log``: the latest questions and answers. The audit records who read how many."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, start
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.intake.history import Exchange


def log(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the latest questions.")] = 20,
    search: Annotated[
        str,
        typer.Option(
            metavar="WORDS", help='Only conversations that contain these words; "in quotation marks" together.'
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show the latest questions with their answers, model versions and votes."""
    exchanges = asyncio.run(_recent(start(), limit, search))
    if as_json:
        print_json([_exchange_record(exchange) for exchange in exchanges])
        return
    if not exchanges and search:
        out.print("Nothing was found: try fewer words.")
        return
    if not exchanges:
        out.print('Nothing was asked yet. Try: supportbot ask "How do I return an item?"')
        return
    table = Table(header_style="bold", show_lines=True, expand=True)
    for name in ("id", "when", "where"):
        table.add_column(name, no_wrap=True)
    table.add_column("question", ratio=2)
    table.add_column("answer", ratio=3)
    table.add_column("votes", no_wrap=True)
    for exchange in exchanges:
        table.add_row(
            str(exchange.question_id),
            exchange.received_at.astimezone().strftime("%d %b %H:%M"),
            exchange.platform,
            Text(_shorten(exchange.question)),
            _answer_cell(exchange),
            f"+{exchange.votes_up} -{exchange.votes_down}",
        )
    Console().print(table)


async def _recent(settings: Settings, limit: int, search: str) -> list[Exchange]:
    from supportbot.bootstrap import open_database
    from supportbot.conversations.criteria import Criteria, chosen
    from supportbot.db import audit
    from supportbot.db.schema import check_schema
    from supportbot.intake.history import History

    async with open_database(settings) as database:
        await check_schema(database)
        query = chosen(Criteria(words=search), is_sqlite=database.is_sqlite).limit(limit)
        exchanges = await History(database).recent(limit, query if search.strip() else None)
        async with database.write() as session:
            details = {"questions": len(exchanges)}
            audit.record(session, actor=audit.current_user(), action="log.read", subject="log", details=details)
    return exchanges


def _exchange_record(exchange: Exchange) -> dict[str, Any]:
    record = asdict(exchange)
    record["received_at"] = exchange.received_at.isoformat()
    record["grounds"] = exchange.grounds.as_record()
    return record


def _answer_cell(exchange: Exchange) -> Text:
    if exchange.answer is None:
        return Text(f"({exchange.state})", style="dim")
    if (quoted := exchange.grounds.quoted) is not None:
        origin = f"{exchange.source} from {printable(quoted.document)}, not verified"
        return Text.assemble(_shorten(exchange.answer), "\n", (origin, "dim"))
    origin = f"{exchange.source}, {exchange.model_version}" if exchange.model_version else str(exchange.source)
    if exchange.sample > 1:
        origin = f"{origin}, sample {exchange.sample} of question {exchange.first_id}"
    return Text.assemble(_shorten(exchange.answer), "\n", (origin, "dim"))


def _shorten(text: str, limit: int = 120) -> str:
    text = " ".join(printable(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"

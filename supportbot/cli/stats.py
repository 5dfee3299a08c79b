"""``supportbot stats``: how much was asked recently, how it was answered, and how people voted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, with_database
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.statistics.statistics import Statistics

_MOST_DAYS = 3_650


def stats(
    workspace: Annotated[
        str | None,
        typer.Option(help="One workspace, such as `slack:T123` or `discord:8000`; by default all together."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How many days, up to now.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Show the figures of the last days: questions, answers, votes, seconds, and the most frequent questions."""

    async def read(database: Database, settings: Settings) -> Statistics:
        from supportbot.statistics.statistics import read_statistics

        number = await number_of(database, workspace) if workspace is not None else None
        return await read_statistics(database, number, days)

    figures = with_database(read)
    if as_json:
        print_json(asdict(figures))
        return
    from supportbot.statistics.words import in_words

    for line in in_words(figures):
        out.print(Text(line))
    if figures.most_asked:
        out.print(Text("\nVerified questions that are asked most:"))
    for asked in figures.most_asked:
        out.print(Text(f"{asked.times:>6,}  {' '.join(printable(asked.question).split())}"))


async def number_of(database: Database, name: str) -> int:
    """Return the number of the workspace that an operator names.

    Raises:
        SupportBotError: nobody has asked there.
    """
    from sqlalchemy import select

    from supportbot.db.models import Workspace
    from supportbot.intake.people import workspace_named

    platform, _, external_id = name.partition(":")
    query = select(Workspace.id).where(
        Workspace.platform == platform, Workspace.external_id == workspace_named(platform, external_id)
    )
    async with database.read() as session:
        number = await session.scalar(query)
    if number is None:
        raise SupportBotError(
            f"There is no question from '{name}': write platform and id, such as slack:T123; "
            "`supportbot consent` lists the workspaces."
        )
    return number

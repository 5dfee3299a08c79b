"""``supportbot import``: shows how a file was understood, and imports it after a yes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from supportbot.cli._terminal import JsonFlag, err, out, print_json, with_database
from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.feedback.curation.imports import Imported, Told

_COLUMN = re.compile(r"""\s*(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,"']*?))\s*(?:,|$)""")
_DECLINED = 1


def import_file(
    path: Annotated[
        Path,
        typer.Argument(help="CSV, Excel, JSON, Parquet, Markdown or HTML, also as .gz.", metavar="FILE"),
    ],
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="FIELD=NAME,…",
            help="The columns of the fields, as in question=Frage,answer=Antwort; separate "
            "several question columns with |.",
        ),
    ] = "",
    approve: Annotated[bool, typer.Option("--approve", help="Approve all rows at once.")] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Your name if you approve them, for the audit.")
    ] = "",
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="newest|both", help="What to do when a question has different answers."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Import without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Import questions and answers, as candidates for a curator or approved at once."""
    if approve and not by.strip():
        raise SupportBotError("--approve needs the name of the person who approves: add --by NAME.")
    if not (yes or as_json or sys.stdin.isatty()):
        raise SupportBotError("There is no terminal to confirm the import: add --yes to import without asking.")
    chosen = parse_columns(columns)

    async def run(database: Database, settings: Settings) -> Imported | None:
        from supportbot.cli._preview import show
        from supportbot.feedback.curation.imports import Keep, prepare_import
        from supportbot.feedback.curation.reading import read_table
        from supportbot.teaching.bringing import tokenizer_of

        if keep is not None and keep not in set(Keep):
            raise SupportBotError(f"--keep takes {' or '.join(Keep)}, not '{keep}'.")
        table = read_table(path, columns=chosen)
        with _progress() as told:
            approver = by if approve else None
            async with prepare_import(
                database,
                table,
                approved_by=approver,
                keep=settings.kept_contacts,
                prefer=Keep(keep) if keep else None,
                tokenizer=tokenizer_of(settings),
                processes=os.cpu_count() or 1,
                told=told,
            ) as prepared:
                told("", 0, None)
                if not as_json:
                    show(table, prepared.found, approved=approve)
                prepared.check()
                # Nothing else runs in this process, so it may wait for a person.
                if not (yes or as_json) and not typer.confirm("Import these?", default=False, err=True):
                    return None
                return await prepared.write(told)

    imported = with_database(run)
    if imported is None:
        raise typer.Exit(_DECLINED)
    if as_json:
        print_json(asdict(imported))
        return
    gone = f", {imported.replaced} replaced older ones" if imported.replaced else ""
    out.print(f"{imported.wordings} wordings, {imported.new} of them new, {imported.approved} approved{gone}")
    if not approve:
        out.print("To decide on them, run: supportbot curate review")


def parse_columns(text: str) -> dict[str, str]:
    """Return the column of each field; a name may be in quotation marks.

    Raises:
        SupportBotError: the text has another form.
    """
    columns: dict[str, str] = {}
    place = 0
    while place < len(text):
        found = _COLUMN.match(text, place)
        if found is None:
            raise SupportBotError(
                "--columns takes FIELD=NAME, separated by commas, as in question=Frage,answer='Die Antwort'."
            )
        columns[found[1]] = next(filter(None, found.groups()[1:]), "")
        place = found.end()
    return columns


@contextmanager
def _progress() -> Iterator[Told]:
    """Show the progress on a terminal, and nothing elsewhere."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task("Reading", total=None)

        def told(what: str, done: int, total: int | None) -> None:
            # Without a name nothing is running: the command waits for an answer.
            if not what:
                progress.stop()
                return
            progress.start()
            progress.update(task, description=what, completed=done, total=total)

        yield told

"""``supportbot privacy``: exports or erases a person's data, and shows how long data is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, with_database
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.privacy.compacting import Compacted
    from supportbot.privacy.erasing import Told
    from supportbot.privacy.requests import Outcome
    from supportbot.privacy.retention import Standing

app = typer.Typer(help="Export or erase a person's data, and see how long data is kept.")

Platform = Annotated[str, typer.Option("--platform", help="`slack`, `discord`, `web` or `cli`.")]
User = Annotated[str, typer.Option("--user", help="The platform's id of the person, such as U0123ABC.")]
Workspace = Annotated[
    list[str] | None,
    typer.Option("--workspace", help="Only in this workspace or guild, by its id; repeat the option for more."),
]


@app.command()
def export(
    platform: Platform,
    user: User,
    by: Actor,
    workspace: Workspace = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="The file, which only you can read; by default standard output."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write all data of a person as JSON, to give it to them."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        from supportbot.privacy.requests import Requests

        requests = Requests(database, settings.home)
        return await requests.export(await requests.person(platform, user, workspace or ()), by)

    record = with_database(work)
    if output is None:
        print_json(record)
        return
    _write_privately(output, json.dumps(record, ensure_ascii=False, indent=2) + "\n")
    if as_json:
        print_json({"output": str(output), "counts": record["counts"]})
    else:
        out.print(Text(f"Written to {output}: {_counted(record['counts'])}."), soft_wrap=True)


@app.command()
def erase(
    platform: Platform,
    user: User,
    by: Actor,
    workspace: Workspace = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase all reachable data of a person for good, and list what you must erase yourself."""
    if as_json and not yes:
        raise SupportBotError("--json cannot ask for confirmation: add --yes to erase without asking.")

    async def work(database: Database, settings: Settings) -> Outcome | None:
        from supportbot.privacy.requests import Requests

        requests = Requests(database, settings.home)
        person = await requests.person(platform, user, workspace or ())
        if not yes:
            found = await requests.find(person)
            err.print(Text(f"Found: {_counted(found.counts())}."), soft_wrap=True)
            if not typer.confirm("Erase all of it? This cannot be undone.", default=False, err=True):
                return None
        with _progress() as told:
            return await requests.erase(person, by, told=told)

    done = with_database(work)
    if done is None:
        out.print("Nothing was erased.")
        return
    erased, compacted, left = done.erased, done.compacted, done.left
    if as_json:
        print_json(_figures(done))
        return
    out.print(Text(f"Erased: {_counted(erased.counts)}."), soft_wrap=True)
    for what, paths in (("Cleaned", erased.files.changed), ("Removed", erased.files.removed)):
        for path in paths:
            out.print(Text(f"{what}: {path}"), soft_wrap=True)
    if compacted.problem:
        err.print(Text(compacted.problem), soft_wrap=True)
    out.print("Not reached, so please erase or check it yourself:")
    for sentence in left:
        out.print(Text(f"  - {printable(sentence)}"), soft_wrap=True)


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """Show how long conversations are kept, what is older, and whether erased data may still be in the file."""

    async def work(database: Database, settings: Settings) -> tuple[int | None, Standing, bool]:
        from supportbot.privacy.retention import standing
        from supportbot.privacy.upkeep import is_compacting_due

        days = settings.retention_days
        return days, await standing(database, days), await is_compacting_due(database)

    days, found, is_due = with_database(work)
    if as_json:
        oldest = found.oldest.isoformat() if found.oldest else None
        print_json({"retention_days": days, **asdict(found), "oldest": oldest, "compacting_due": is_due})
        return
    kept = "for ever (SUPPORTBOT_RETENTION_DAYS is empty)" if days is None else f"for {days} days"
    table = Table(show_header=False, box=None)
    table.add_row("Conversations are kept", kept)
    table.add_row("Questions in the log", f"{found.questions:,}")
    table.add_row("The oldest", f"{found.oldest.astimezone():%d %b %Y}" if found.oldest else "–")
    table.add_row(
        "Would be deleted now", f"{found.questions_to_go:,} questions with {found.answers_to_go:,} answers"
    )
    table.add_row("Kept in any case", f"{found.approved_rows:,} approved rows for training, and the knowledge")
    table.add_row("Erased data may still be in the file", "yes: `supportbot privacy compact`" if is_due else "no")
    out.print(table)


@app.command()
def compact(by: Actor, as_json: JsonFlag = False) -> None:
    """Rewrite the database, so that no erased data is left in its file; others cannot write meanwhile."""

    async def work(database: Database, settings: Settings) -> Compacted:
        from supportbot.privacy.upkeep import compact_noting

        return await compact_noting(database, by)

    compacted = with_database(work)
    if as_json:
        print_json(asdict(compacted))
    elif not compacted.is_whole:
        raise SupportBotError(compacted.problem)
    else:
        out.print("The database was rewritten: its file contains no erased data.")


def _write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read.

    Raises:
        SupportBotError: it already exists, or cannot be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SupportBotError(
            f"'{path}' cannot be written ({error.strerror}): choose another file with --output."
        ) from error


def _counted(counts: Any) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "nothing"


def _figures(outcome: Outcome) -> dict[str, Any]:
    erased = outcome.erased
    files = {name: [str(path) for path in paths] for name, paths in asdict(erased.files).items()}
    return {
        "erased": dict(erased.counts),
        "kept_entries": list(erased.kept),
        "model_versions": {name: list(ids) for name, ids in erased.versions.items()},
        "files": files,
        "database": asdict(outcome.compacted),
        "not_reached": list(outcome.left),
    }


@contextmanager
def _progress() -> Iterator[Told]:
    """Show the progress on a terminal, and nothing elsewhere."""
    if not err.is_terminal:
        yield lambda what, done, total: None
        return
    with err.status("Looking") as line:
        yield lambda what, done, total: line.update(f"{what} {done:,}/{total:,}" if total > 1 else what)

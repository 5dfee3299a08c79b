"""``supportbot learn``: shows how documents were understood, and proposes their passages after a yes."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, with_database
from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.feedback.curation.documents.learning import Found, Learned

_DECLINED = 1
_SENTENCE = 300
"""Characters of a sentence about a file that cannot be read."""

_MOST_NAMED = 5
"""Unreadable files that are listed with the reason."""


def learn(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders or addresses: Markdown, HTML, PDF, Word (.docx) or text.", metavar="PATH|URL…"
        ),
    ],
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Allow addresses of this machine or its network.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Propose without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Propose the passages of documents as approved answers, for a curator to decide on."""
    if not (yes or as_json or sys.stdin.isatty()):
        raise SupportBotError(
            "There is no terminal to confirm the proposals: add --yes to propose without asking."
        )

    async def run(database: Database, settings: Settings) -> Learned | None:
        from supportbot.feedback.curation.documents.learning import prepare

        prepared = await prepare(database, sources, keep=settings.kept_contacts, allow_private=allow_private)
        found = prepared.found
        if not as_json:
            show(found)
        # Nothing else runs in this process, so it may wait for a person.
        may_write = yes or as_json or found.known == found.passages
        if not may_write and not typer.confirm("Propose these?", default=False, err=True):
            return None
        return await prepared.write()

    learned = with_database(run)
    if learned is None:
        raise typer.Exit(_DECLINED)
    if as_json:
        print_json(asdict(learned))
        return
    out.print(f"{_number(learned.passages, 'passage')}, {learned.new} of them new")
    if learned.new:
        out.print("To decide on them, run: supportbot curate review")


def show(found: Found) -> None:
    """Print the preview; all of it is somebody else's text, so control characters are removed."""
    from supportbot.printable import shortened
    from supportbot.teaching.preview import ANSWER_SHOWN, QUESTION_SHOWN, describe_passages
    from supportbot.words import ENGLISH

    kinds = ", ".join(
        kind if found.documents == 1 else f"{number} {kind}" for kind, number in sorted(found.kinds.items())
    )
    name = shortened(found.first, ANSWER_SHOWN) if found.documents == 1 else f"{found.documents} documents"
    out.print(Text(f"{name}: {kinds}, {_number(found.sections, 'section')}"))
    if found.samples:
        rows = RichTable(header_style="bold")
        rows.add_column("question", overflow="fold")
        rows.add_column("answer", overflow="fold")
        for sample in found.samples:
            rows.add_row(
                Text(shortened(sample.question, QUESTION_SHOWN)), Text(shortened(sample.answer, ANSWER_SHOWN))
            )
        out.print(rows)
    for line in describe_passages(found, ENGLISH):
        out.print(Text(line))
    for sentence in found.unread[:_MOST_NAMED]:
        out.print(Text(f"Left out: {shortened(sentence, _SENTENCE)}"))
    if len(found.unread) > _MOST_NAMED:
        out.print(f"Left out: {_number(len(found.unread) - _MOST_NAMED, 'more file')}")


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""``supportbot knowledge``: the approved answers, and how the bot decides; changes are live within 2 s."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from supportbot.cli import _knowledge
from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, start, with_database
from supportbot.db.states import EntrySource, EntryState

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.feedback.changes import Changed
    from supportbot.feedback.foreign import Foreign
    from supportbot.knowledge.listing import EntrySummary, EntryView
    from supportbot.teaching.trying import Tried

app = typer.Typer(help="Approved answers, which the bot gives word for word.", no_args_is_help=True)
foreign = typer.Typer(
    help="Questions that are none of yours, which the bot must not answer.", no_args_is_help=True
)
app.add_typer(foreign, name="foreign")

EntryId = Annotated[
    int, typer.Argument(help="Number of an entry, as in `supportbot knowledge list`.", metavar="ID")
]
Move = Annotated[bool, typer.Option("--move", help="Take a question from the entry that has it.")]
_VALID = "The last day on which it is given, as 2027-12-31"


@app.command("list")
def list_entries(
    state: Annotated[EntryState | None, typer.Option(help="Only entries in this state.")] = None,
    search: Annotated[str | None, typer.Option(help="Only entries whose answer or wording contains this.")] = None,
    source: Annotated[EntrySource | None, typer.Option(help="Only entries from this source.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many; the newest approval comes first.")
    ] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List approved answers."""

    async def read(database: Database, settings: Settings) -> tuple[list[EntrySummary], int]:
        from supportbot.knowledge.searching import Wanted, how_many, page

        wanted = Wanted(state=state, search=search, source=source)
        async with database.read() as session:
            return await page(session, wanted, limit=limit), await how_many(session, wanted)

    found, total = with_database(read)
    if as_json:
        print_json([_knowledge.summary_record(entry) for entry in found])
        return
    _knowledge.show_list(found, total, is_filtered=bool(state or search or source))


@app.command()
def show(entry_id: EntryId, as_json: JsonFlag = False) -> None:
    """Show one answer with all its wordings."""

    async def read(database: Database, settings: Settings) -> EntryView:
        from supportbot.knowledge.listing import view

        async with database.read() as session:
            return await view(session, entry_id)

    entry = with_database(read)
    if as_json:
        print_json(_knowledge.view_record(entry))
        return
    _knowledge.show_view(entry)


@app.command()
def add(
    questions: Annotated[
        list[str], typer.Option("--question", help="A wording of the question; repeat the option for more.")
    ],
    answer: Annotated[str, typer.Option(help="The answer, which is given word for word.")],
    by: Actor,
    valid_until: Annotated[str | None, typer.Option(metavar="DATE", help=f"{_VALID}.")] = None,
    workspace: Annotated[
        str | None, typer.Option(metavar="PLATFORM:ID", help="The only workspace where it is given.")
    ] = None,
    move: Move = False,
    as_json: JsonFlag = False,
) -> None:
    """Add an answer with its wordings; if the answer exists, it gets these wordings too."""

    async def run(database: Database, settings: Settings) -> Changed:
        from supportbot.feedback.entries import Entries

        return await Entries(database, keep=settings.kept_contacts).add(
            questions,
            answer,
            by,
            valid_until=_knowledge.parse_date(valid_until) if valid_until else None,
            workspace=workspace,
            move=move,
        )

    _show_changed([with_database(run)], as_json)


@app.command()
def edit(
    entry_id: EntryId,
    by: Actor,
    answer: Annotated[str | None, typer.Option(help="The new answer, which you approve with this.")] = None,
    wordings: Annotated[
        list[str] | None, typer.Option("--add-wording", help="A further wording; repeat the option for more.")
    ] = None,
    remove: Annotated[
        list[int] | None,
        typer.Option(
            "--remove-wording", metavar="N", help="Number of a wording, as in `supportbot knowledge show`."
        ),
    ] = None,
    valid_until: Annotated[str | None, typer.Option(metavar="DATE", help=f"{_VALID}, or never.")] = None,
    workspace: Annotated[
        str | None, typer.Option(metavar="PLATFORM:ID", help="The only workspace where it is given, or all.")
    ] = None,
    move: Move = False,
    as_json: JsonFlag = False,
) -> None:
    """Change an answer, its wordings, or how long or where it is given."""

    async def run(database: Database, settings: Settings) -> Changed:
        from supportbot.feedback.changes import SAME
        from supportbot.feedback.entries import Entries

        place = None if workspace == "all" else workspace
        return await Entries(database, keep=settings.kept_contacts).edit(
            entry_id,
            by,
            answer=answer,
            add=wordings or (),
            remove=remove or (),
            valid_until=SAME if valid_until is None else _knowledge.parse_date(valid_until),
            workspace=SAME if workspace is None else place,
            move=move,
        )

    _show_changed([with_database(run)], as_json)


@app.command()
def retire(
    entry_ids: Annotated[list[int], typer.Argument(help="Numbers of entries.", metavar="ID...")],
    by: Actor,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop giving answers, also to the next model; `restore` undoes it."""

    async def run(database: Database, settings: Settings) -> Sequence[Changed]:
        from supportbot.feedback.entries import Entries

        return await Entries(database).retire(entry_ids, by, reason=reason)

    _show_changed(with_database(run), as_json)


@app.command()
def restore(entry_id: EntryId, by: Actor, move: Move = False, as_json: JsonFlag = False) -> None:
    """Give a retired answer again, unchanged."""

    async def run(database: Database, settings: Settings) -> Changed:
        from supportbot.feedback.entries import Entries

        return await Entries(database).restore(entry_id, by, move=move)

    _show_changed([with_database(run)], as_json)


@foreign.command("add")
def add_foreign(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")], by: Actor, as_json: JsonFlag = False
) -> None:
    """Mark a question as none of yours."""

    async def run(database: Database, settings: Settings) -> Foreign:
        from supportbot.feedback.foreign import ForeignQuestions

        return await ForeignQuestions(database, keep=settings.kept_contacts).add(question, by)

    marked = with_database(run)
    if as_json:
        print_json(_knowledge.foreign_record(marked))
        return
    out.print(f"foreign question {marked.foreign_id} is marked")


@foreign.command("list")
def list_foreign(as_json: JsonFlag = False) -> None:
    """List the questions that are none of yours."""

    async def read(database: Database, settings: Settings) -> list[Foreign]:
        from supportbot.feedback.foreign import ForeignQuestions

        return await ForeignQuestions(database).all()

    found = with_database(read)
    if as_json:
        print_json([_knowledge.foreign_record(one) for one in found])
        return
    _knowledge.show_foreign(found)


@foreign.command("remove")
def remove_foreign(
    numbers: Annotated[
        list[int], typer.Argument(help="Numbers, as in `supportbot knowledge foreign list`.", metavar="N...")
    ],
    by: Actor,
    as_json: JsonFlag = False,
) -> None:
    """Remove the mark from questions."""

    async def run(database: Database, settings: Settings) -> list[Foreign]:
        from supportbot.feedback.foreign import ForeignQuestions

        return await ForeignQuestions(database).remove(numbers, by)

    gone = with_database(run)
    if as_json:
        print_json([_knowledge.foreign_record(one) for one in gone])
        return
    for one in gone:
        out.print(f"foreign question {one.foreign_id} is removed")


@app.command("try")
def try_question(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    workspace: Annotated[
        str | None,
        typer.Option(
            metavar="PLATFORM:ID",
            help="Try it as if asked there; without it, as an operator who sees all answers.",
        ),
    ] = None,
    model: Annotated[bool, typer.Option("--model", help="Load the model too, and show its answer.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show how a question would be answered, and why; nothing is logged."""
    from supportbot.cli._tried import show_tried, tried_record
    from supportbot.cli._trying import try_with_model, try_without_model

    settings = start()
    run = try_with_model if model else try_without_model
    with err.status("Looking …"):
        tried: Tried = asyncio.run(run(settings, question, workspace))
    if as_json:
        print_json(tried_record(tried))
        return
    show_tried(tried)


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """Show how many answers there are, how sure one must be, and what would improve them."""
    from supportbot.cli._standing import read_standing, show_standing, standing_record

    with err.status("Looking …"):
        standing = with_database(read_standing)
    if as_json:
        print_json(standing_record(standing))
        return
    show_standing(standing)


def _show_changed(changed: Sequence[Changed], as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in changed])
        return
    for one in changed:
        out.print(_knowledge.sentence(one))

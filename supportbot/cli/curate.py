"""``supportbot curate``: here a person decides what the next model may learn."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from supportbot.cli._accounts import build_accounts
from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, with_database
from supportbot.db.states import ExampleStatus

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.feedback.curation.collect import Collected
    from supportbot.feedback.curation.store import Decision, StoredExample

app = typer.Typer(help="Decide what the next model learns from.", no_args_is_help=True)

Ids = Annotated[
    list[int], typer.Argument(help="Ids of examples, as in `supportbot curate list`.", metavar="ID...")
]


@app.command()
def collect(as_json: JsonFlag = False) -> None:
    """Collect candidates from the log: liked and disliked answers, corrections, answers of people."""
    collected = with_database(_collect)
    if as_json:
        print_json(asdict(collected))
        return
    for source, number in collected.new.items():
        out.print(f"{number} new from {source}")
    out.print(f"{collected.refreshed} changed with their votes, {collected.withdrawn} withdrawn")
    out.print("To decide on them, run: supportbot curate review")


@app.command("list")
def list_examples(
    status: Annotated[ExampleStatus, typer.Option(help="Only examples with this status.")] = ExampleStatus.PENDING,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List examples; those with a correction or clear votes come first."""

    async def read(database: Database, settings: Settings) -> tuple[list[StoredExample], dict[ExampleStatus, int]]:
        from supportbot.feedback.curation.store import ExampleStore

        store = ExampleStore(database)
        return await store.ranked(status, limit=limit), await store.counts()

    examples, counts = with_database(read)
    if as_json:
        print_json([_record(example) for example in examples])
        return
    if examples:
        Console().print(_table(examples))
    out.print(", ".join(f"{number} {name}" for name, number in counts.items()))


@app.command()
def review(
    by: Actor,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 100,
) -> None:
    """Decide on the candidates one by one: approve, edit, reject, skip, quit."""
    from supportbot.cli._review import review_all

    decided = with_database(lambda database, settings: review_all(database, settings, by, limit))
    out.print(f"{decided} decided")


@app.command()
def approve(ids: Ids, by: Actor, as_json: JsonFlag = False) -> None:
    """Approve examples for the next model, with corrections that have nearly the same text."""
    from supportbot.feedback.curation.store import Decision

    _decide(ids, Decision.APPROVE, by, as_json)


@app.command()
def reject(
    ids: Ids,
    by: Actor,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Reject examples for all models, with corrections that have nearly the same text."""
    from supportbot.feedback.curation.store import Decision

    _decide(ids, Decision.REJECT, by, as_json, reason=reason)


@app.command()
def edit(
    example_id: Annotated[
        int, typer.Argument(help="Id of an example, as in `supportbot curate list`.", metavar="ID")
    ],
    by: Actor,
    question: Annotated[str | None, typer.Option(help="The new text of the question.")] = None,
    answer: Annotated[str | None, typer.Option(help="The new answer.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Change the text of an example; its status stays as it is."""
    from supportbot.feedback.curation.store import Decision

    _decide([example_id], Decision.EDIT, by, as_json, question=question, answer=answer)


async def _collect(database: Database, settings: Settings) -> Collected:
    from supportbot.feedback.curation.collect import collect

    with err.status("Collecting …"):
        return await collect(database, keep=settings.kept_contacts)


def _decide(ids: list[int], decision: Decision, by: str, as_json: bool, **texts: str | None) -> None:
    async def run(database: Database, settings: Settings) -> list[StoredExample]:
        from supportbot.feedback.curation.store import Decision, ExampleStore

        store = ExampleStore(database, keep=settings.kept_contacts)
        together = [] if decision is Decision.EDIT else await store.together_with(ids)
        return await store.decide(ids, decision, by, together=together, **texts)

    examples = with_database(run)
    if as_json:
        print_json([_record(example) for example in examples])
        return
    for example in examples:
        out.print(f"example {example.example_id} is {example.status}")


def _record(example: StoredExample) -> dict[str, Any]:
    record = asdict(example)
    for name in ("created_at", "decided_at"):
        record[name] = record[name].isoformat() if record[name] else None
    return record


def _table(examples: list[StoredExample]) -> Table:
    table = Table(header_style="bold", show_lines=True, expand=True)
    for name in ("id", "source", "votes"):
        table.add_column(name, no_wrap=True)
    table.add_column("question", ratio=2)
    table.add_column("answer", ratio=3)
    for example in examples:
        answer = Text(example.answer)
        if example.label == "bad":
            answer = Text.assemble(("avoid: ", "red"), answer)
        elif example.rejected:
            answer = Text.assemble(answer, "\n", (f"instead of: {example.rejected}", "dim"))
        if example.alike is not None:
            accounts = f"{build_accounts(example.alike)}: {len(example.alike.others) + 1:,} corrections"
            answer = Text.assemble(answer, "\n", (accounts, "yellow"))
        table.add_row(
            str(example.example_id), str(example.source), f"{example.votes:+d}", Text(example.question), answer
        )
    return table

"""The ``supportbot`` command: what an operator types in a terminal.

Each command is a few lines: read the settings, open what is needed, call once, show. Heavy libraries are imported
within the commands that need them, so that ``supportbot --help`` answers at once.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import subprocess
import sys
import tempfile
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from supportbot.errors import SupportBotError

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.history import Exchange
    from supportbot.outbox import Delivery
    from supportbot.registry import Manifest

app = typer.Typer(
    name="supportbot",
    help="A self-hosted customer-support bot. The daemon itself is `python -m bot`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True)
err = Console(stderr=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

EXIT_ERROR = 2


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")], as_json: JsonFlag = False
) -> None:
    """Ask the bot in the terminal; the question and its answer go into the log."""
    settings = _start()
    exchange = asyncio.run(_ask(settings, question))
    if as_json:
        _print_json(
            {
                "question_id": exchange.question_id,
                "answer": exchange.answer,
                "source": exchange.source,
                "model_version": exchange.model_version,
                "confidence": exchange.confidence,
                "latency_ms": exchange.latency_ms,
                "prompt_tokens": exchange.prompt_tokens,
                "answer_tokens": exchange.answer_tokens,
            }
        )
        return
    out.print(Text(exchange.answer or ""))
    details = [f"question {exchange.question_id}", str(exchange.source)]
    if exchange.model_version:
        details += [f"model {exchange.model_version}", f"{exchange.latency_ms} ms"]
    if exchange.confidence is not None:
        details.append(f"confidence {exchange.confidence:.2f}")
    err.print(Text(" · ".join(details), style="dim"))


@app.command()
def init(
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the starter model anew from its FAQ (minutes).")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Prepare the home folder: migrate the database and install the starter model if there is no model yet."""
    from supportbot.bootstrap import initialise
    from supportbot.registry import Registry

    settings = _start()
    with err.status("Preparing the database …"):
        asyncio.run(initialise(settings))
    registry = Registry(settings.models_dir)
    if retrain:
        registry.activate(_retrain_starter(registry))
    manifest = registry.manifest(registry.active() or "")
    if as_json:
        _print_json(_init_figures(manifest))
        return
    out.print(f"Home: {settings.home}")
    out.print(f"Live model: {manifest.version}")
    for name, value in sorted(manifest.metrics.items()):
        out.print(f"  {name.replace('_', ' ')}: {value:.3g}")
    out.print('Try it: supportbot ask "How do I return an item?"   or start the daemon: python -m bot')


@app.command()
def doctor(as_json: JsonFlag = False) -> None:
    """Check every setting, the database, the model and the disk, and say how to mend what is wrong."""
    from supportbot.doctor import Finding, describe_settings

    try:
        settings = _start()
    except SupportBotError as error:
        findings = [Finding("settings", False, str(error))]
        lines = []
    else:
        lines = describe_settings(settings)
        with err.status("Looking …"):
            findings = [
                Finding("settings", True, f"{len(lines)} keys, none unknown"),
                *asyncio.run(_examine(settings)),
            ]
    if as_json:
        _print_json({"settings": [asdict(line) for line in lines], "checks": [asdict(item) for item in findings]})
    else:
        table = Table("setting", "value", "", box=None, header_style="bold")
        for line in lines:
            table.add_row(line.key, Text(line.value), "set" if line.is_set else Text("default", style="dim"))
        out.print(table)
        out.print()
        for item in findings:
            mark = Text("ok   ", style="green") if item.ok else Text("wrong", style="bold red")
            out.print(Text.assemble(mark, f"  {item.check}: {item.detail}"))
    if not all(item.ok for item in findings):
        raise typer.Exit(1)


@app.command()
def log(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the latest questions.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Show the latest questions with their answers, model versions and votes."""
    exchanges = asyncio.run(_recent(_start(), limit))
    if as_json:
        _print_json([_exchange_record(exchange) for exchange in exchanges])
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


def main() -> None:
    """Run the command line; an error that a person can mend is one sentence and exit status 2."""
    try:
        app()
    except SupportBotError as error:
        err.print(Text(f"supportbot: {error}"), soft_wrap=True)
        sys.exit(EXIT_ERROR)


def _start() -> Settings:
    """Read the settings and let only warnings of the core reach the terminal."""
    from supportbot.config import load_settings
    from supportbot.logs import configure_logging

    settings = load_settings()
    quiet = (
        settings
        if "log_level" in settings.model_fields_set
        else settings.model_copy(update={"log_level": "warning"})
    )
    configure_logging(quiet)
    return settings


class _TerminalSender:
    """Delivers to the terminal: the command prints the answer itself, so there is nothing left to do."""

    platform = "cli"

    async def send(self, delivery: Delivery) -> str:
        return f"cli:{delivery.question_id}"


async def _ask(settings: Settings, question: str) -> Exchange:
    from supportbot.bootstrap import open_core
    from supportbot.questions import IncomingQuestion

    async with open_core(settings, platforms={"cli"}, daemon=False) as core:
        user = getpass.getuser()
        accepted = await core.service.ask(
            IncomingQuestion(
                platform="cli",
                workspace="local",
                channel="terminal",
                thread=user,
                identity=uuid.uuid4().hex,
                asker=f"cli:{user}",
                text=question,
                reply_to={},
            )
        )
        while (exchange := await core.service.exchange(accepted.question_id)) and exchange.answer is None:
            await core.worker.answer_one(accepted.question_id)
        await core.add_sender(_TerminalSender()).deliver_due()
    if exchange is None:
        raise SupportBotError("The question was removed from the log while it was being answered.")
    return exchange


async def _recent(settings: Settings, limit: int) -> list[Exchange]:
    from supportbot.bootstrap import open_database
    from supportbot.db.schema import check_schema
    from supportbot.history import History

    async with open_database(settings) as database:
        await check_schema(database)
        return await History(database).recent(limit)


async def _examine(settings: Settings) -> list[Any]:
    from supportbot.doctor import examine

    return [finding async for finding in examine(settings)]


def _retrain_starter(registry: Any) -> str:
    """Train the starter model in a process of its own, since the core stands below training, and install it."""
    version = f"starter-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "model"
        command = [
            sys.executable,
            "-m",
            "training.starter",
            "--output",
            str(output),
            "--version",
            version,
            "--json",
        ]
        finished = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own module
        if finished.returncode:
            raise SupportBotError("Training the starter model failed; what went wrong is said above.")
        return str(registry.install(output).version)


def _init_figures(manifest: Manifest) -> dict[str, Any]:
    return {
        "model_version": manifest.version,
        "train_seconds": manifest.training.get("train_seconds"),
        "held_out_right": manifest.metrics.get("held_out_right"),
        "out_of_scope_auroc": manifest.metrics.get("out_of_scope_auroc"),
    }


def _exchange_record(exchange: Exchange) -> dict[str, Any]:
    record = asdict(exchange)
    record["received_at"] = exchange.received_at.isoformat()
    return record


def _answer_cell(exchange: Exchange) -> Text:
    if exchange.answer is None:
        return Text(f"({exchange.state})", style="dim")
    origin = f"{exchange.source}, {exchange.model_version}" if exchange.model_version else str(exchange.source)
    return Text.assemble(_shorten(exchange.answer), "\n", (origin, "dim"))


def _shorten(text: str, limit: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()

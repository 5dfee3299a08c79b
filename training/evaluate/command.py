"""Ask two models the same, and say whether the new one is better: ``python -m training.evaluate --candidate X``.

Progress goes to stderr; stdout carries the result alone, as a table or as JSON without the texts. The record and
its page are written at the end, beside the run if the candidate is one, else in the home folder.

With approved answers, the whole answerer is measured with both models too. ``--answerer`` without a candidate
measures it with the live model, and compares and writes nothing.

This module knows the command line and how a result is shown; ``evaluation`` does the work.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from transformers.utils import logging as transformers_logging

from supportbot.config import load_settings
from supportbot.errors import SupportBotError
from supportbot.models.publishing.checks import answerer_objection
from supportbot.telemetry.logs import configure_logging
from training.evaluate.answerer_figures import build_answerer_table
from training.evaluate.evaluation import Task, evaluate, evaluate_answerer
from training.evaluate.measuring import ACTIVE
from training.evaluate.record import ANSWERER, PAGE, summary
from training.evaluate.report import build_table

EXIT_ERROR = 2


def main(
    candidate: Annotated[
        str | None, typer.Option(help="Folder of a run, version of the registry, or 'active'.")
    ] = None,
    against: Annotated[str, typer.Option(help="What to compare with: the same, or a hub id.")] = ACTIVE,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="JSON Lines with question and answer, instead of the database; repeat the option for more files."
        ),
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(help="JSON object with one answer for each `topic` (or `intent`) of the data, to judge by."),
    ] = None,
    out_of_scope: Annotated[
        Path | None, typer.Option(help="Text file with one out-of-scope question per line; by default our own.")
    ] = None,
    answerer: Annotated[
        bool,
        typer.Option(
            "--answerer",
            help="Measure the whole answerer, including approved answers; without --candidate, only that.",
        ),
    ] = False,
    limit: Annotated[
        int, typer.Option(min=2, help="How many held-out rows to ask at most, drawn at random.")
    ] = 500,
    seed: Annotated[int, typer.Option(help="Seed of sampling, of drawing rows, and of the intervals.")] = 0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Also ask each row without sampling.")] = False,
    output: Annotated[Path | None, typer.Option(help="Folder for evaluation.json and evaluation.html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    progress: Annotated[
        Path | None, typer.Option(help="Write progress to this file as JSON lines, for another program.")
    ] = None,
) -> None:
    """Compare a candidate with the live model, or any other, on rows that the candidate was not trained on."""
    transformers_logging.set_verbosity_error()  # its reports would precede our sentence
    console = Console(stderr=True)
    task = Task(
        candidate=candidate,
        against=against,
        answerer=answerer,
        data=tuple(data or ()),
        references=references,
        out_of_scope=out_of_scope,
        limit=limit,
        seed=seed,
        greedy=greedy,
        output=output,
        progress=progress,
    )
    out = Console()
    try:
        settings = load_settings()
        configure_logging(settings.model_copy(update={"log_level": "warning"}))
        if answerer and candidate is None:
            alone = asyncio.run(evaluate_answerer(task, settings, console))
            if as_json:
                sys.stdout.write(json.dumps({ANSWERER: alone}, ensure_ascii=False, indent=2) + "\n")
            else:
                out.print(build_answerer_table(alone))
            return
        record, directory = asyncio.run(evaluate(task, settings, console))
    except SupportBotError as error:
        console.print(Text(f"evaluate: {error}"), soft_wrap=True)
        raise typer.Exit(EXIT_ERROR) from None
    if as_json:
        sys.stdout.write(json.dumps(summary(record), ensure_ascii=False, indent=2) + "\n")
        return
    out.print(build_table(record))
    if ANSWERER in record:
        out.print(build_answerer_table(record[ANSWERER]))
    style = "bold green" if record["better"] else "bold red" if record["forgot"] else "bold"
    out.print(Text(record["verdict"], style=style), soft_wrap=True)
    if ANSWERER in record and (objection := answerer_objection(record[ANSWERER])) is not None:
        out.print(Text(f"Beside your approved answers {objection}.", style="bold red"), soft_wrap=True)
    out.print(Text(f"Side by side in {directory / PAGE}"), soft_wrap=True)

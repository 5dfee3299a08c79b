"""The command ``python -m training.finetune``, after the check that its base is available.

Standard output has only the result, as a table or as one line of JSON; everything else goes to standard error. A
fault that a person can fix is one sentence and exit status 2.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import datasets
from huggingface_hub.utils import logging as hub_logging
from rich.console import Console
from rich.table import Table
from transformers.utils import logging as transformers_logging

from supportbot.config import load_settings
from supportbot.errors import SupportBotError
from supportbot.telemetry.logs import configure_logging
from training.finetune.arguments import parse_run
from training.finetune.launch import cpu_processes_wanted, launch
from training.finetune.machine import Machine
from training.finetune.run import Run
from training.finetune.scratch import make_model
from training.finetune.session import fine_tune
from training.finetune.sft import Answers
from training.finetune.sources import count_rows

_FAULT = 2
_INTERRUPTED = 130
_GO_ON = "Interrupted: run the same command with --resume to continue from the last checkpoint."
_NOTHING_KEPT = "Interrupted: nothing was saved, so run the same command to start again."


def main(argv: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    if (processes := cpu_processes_wanted(os.environ)) > 1:
        return launch(processes, argv)
    console = Console(stderr=True)
    _quieten()
    run: Run | None = None
    try:
        settings = load_settings()
        configure_logging(settings.model_copy(update={"log_level": "warning"}))
        run = parse_run(argv, settings, Machine.here())
        record = _dry_run(run) if run.dry_run else _train(run, console)
    except SupportBotError as error:
        rank = os.environ.get("RANK", "0")
        sentence = str(error) if rank == "0" else f"Process {rank}: {error}"
        console.print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
        return _FAULT
    except KeyboardInterrupt:
        console.print(_NOTHING_KEPT if run is not None and run.recipe == "faq" else _GO_ON, soft_wrap=True)
        return _INTERRUPTED
    if run.arguments.process_index == 0:
        _print(run, record)
    return 0


def _dry_run(run: Run) -> Mapping[str, Any]:
    counts = asyncio.run(count_rows(run))
    return {
        **({"recipe": run.recipe} if run.recipe == "faq" else {"base_model": run.base_model}),
        "arguments": run.arguments.to_dict(),
        "rows": {"taken": counts.taken, "held_out": counts.held_out, "left_out": dict(counts.left_out)},
    }


def _train(run: Run, console: Console) -> Mapping[str, Any]:
    if run.recipe == "faq":
        return make_model(run, console)
    if run.method == "sft":
        return fine_tune(run, Answers(), console)
    # An optional extra, and the libraries it needs are heavy.
    from training.finetune.kto import Judgements

    return fine_tune(run, Judgements(run), console)


def _print(run: Run, record: Mapping[str, Any]) -> None:
    if run.as_json:
        sys.stdout.write(json.dumps(record) + "\n")
        return
    table = Table("", "value", title="What would be done" if run.dry_run else f"Trained in {run.output_dir}")
    for name, value in record.items():
        for part, inner in value.items() if isinstance(value, Mapping) else ((None, value),):
            table.add_row(name if part is None else f"{name}.{part}", str(inner))
    Console().print(table)


def _quieten() -> None:
    """Keep libraries from writing between the bar and the result."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub_logging.set_verbosity(logging.ERROR)  # one sentence of ours reports an unreachable hub
    datasets.disable_progress_bars()

"""``python -m benchmarks.training``: our fine-tuning beside the plain documented pipeline.

Both pipelines learn the same rows in steps of the same eight rows, each in its own process, and take turns round
by round. The faster one must not learn worse: after each round the difference of their losses on held-out rows is
compared with that between seeds.

This module knows turns and figures; ``benchmarks.pipelines`` defines the pipelines.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console

from benchmarks.machine import describe_machine
from benchmarks.model import build_tokenizer
from benchmarks.pipelines import Pipeline, parse_pipeline
from benchmarks.program import open_scratch, save_record
from benchmarks.report import Timed, build_record, build_table
from benchmarks.turns import Worker
from benchmarks.worker import Spec
from supportbot.errors import ConfigError
from training.finetune.arguments import EFFECTIVE_BATCH
from training.finetune.data import prepare
from training.finetune.sources import FileRows
from training.starter.data import load_faq

_SEEDS = [42, 43, 44, 45]


def compare(spec: Spec, console: Console) -> dict[str, Any]:
    """Run both pipelines in turns and return the figures.

    Raises:
        ConfigError: a pipeline ended early.
    """
    rounds: dict[Pipeline, list[Timed]] = {"plain": [], "ours": []}
    with ExitStack() as stack, console.status("Starting both pipelines") as status:
        workers = {
            name: stack.enter_context(Worker(name, "benchmarks.worker", name, json.dumps(asdict(spec))))
            for name in rounds
        }
        for number in range(1, spec.rounds + 1):
            # An idle worker waits, so it costs the other nothing.
            for worker in workers.values():
                worker.read()
            for name in list(rounds) if number % 2 else reversed(rounds):
                status.update(f"Round {number} of {spec.rounds}: {name}")
                rounds[name].append(Timed(**workers[name].ask("go")))
        status.update("The same with other seeds, to see how much the loss varies by itself")
        results = {name: worker.read() for name, worker in workers.items()}
    return build_record(rounds, results, rows=EFFECTIVE_BATCH * spec.steps, steps=spec.steps)


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    data: Annotated[Path | None, typer.Option(help="JSONL of question,answer rows; else the starter's.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Turns that each pipeline has.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Steps of eight rows in a turn.")] = 4,
    seeds: Annotated[int, typer.Option(min=2, max=len(_SEEDS), help="Runs that show how the loss varies.")] = 4,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of torch; else what torch takes.")] = None,
    quick: Annotated[bool, typer.Option(help="A small model and two short turns: does it run at all?")] = False,
) -> None:
    """Compare the speed of fine-tuning with the plain documented pipeline."""
    console = Console(stderr=True)
    if quick:
        rounds, steps, seeds, threads = 2, 2, 2, 1
    with open_scratch() as scratch:
        file = data or _starter_rows(scratch / "starter.jsonl")
        available = _prepare(file, scratch / "prepared", quick=quick)
        spec = Spec(
            data=str(file),
            prepared=str(scratch / "prepared"),
            seeds=_SEEDS[:seeds],
            rounds=rounds,
            steps=steps,
            rows=rounds * steps * EFFECTIVE_BATCH,
            probe_rows=4 if quick else 16,
            quick=quick,
            threads=threads or torch.get_num_threads(),
        )
        if spec.rows > available:
            raise ConfigError(f"'{file.name}' has {available} rows to train on and {spec.rows} are needed.")
        record = compare(spec, console)
    settings = {
        name: value for name, value in asdict(spec).items() if name not in ("data", "prepared")
    }  # records contain no paths
    record |= {
        "data": "starter" if data is None else data.name,
        "settings": settings,
        "machine": describe_machine() | {"threads": spec.threads},
    }
    save_record(record, json_file)
    Console().print(build_table(record))


def _starter_rows(path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for topic in load_faq().topics:
            for wording in topic.wordings:
                file.write(json.dumps({"question": wording, "answer": topic.answer}) + "\n")
    return path


def _prepare(data: Path, output_dir: Path, *, quick: bool) -> int:
    """Encode the rows once for both pipelines; return the number of training rows."""
    run = parse_pipeline("ours", data, output_dir, _SEEDS[0])
    return asyncio.run(prepare(run, FileRows(data), build_tokenizer(tiny=quick))).taken


if __name__ == "__main__":
    typer.run(main)

"""``python -m benchmarks.training``: our fine-tuning beside the plain documented way of doing the same.

Both pipelines learn the same rows in steps of the same eight rows, each in a process of its own, and take turns
round by round. What is faster must not learn worse: the loss on held-out rows is compared after each round with
what another seed alone changes.

This module knows processes and figures; what is compared is in ``benchmarks.pipelines``.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import torch
import typer
from rich.console import Console

from benchmarks.machine import describe_machine
from benchmarks.model import build_tokenizer
from benchmarks.pipelines import Pipeline, parse_pipeline
from benchmarks.report import Timed, build_record, build_table
from benchmarks.worker import Spec
from supportbot.errors import ConfigError, SupportBotError
from training.finetune.arguments import EFFECTIVE_BATCH
from training.finetune.data import prepare
from training.finetune.sources import FileRows
from training.starter.data import load_faq

_SEEDS = [42, 43, 44, 45]
_FAULT = 2


class Worker:
    """A process that trains one pipeline, round by round."""

    def __init__(self, pipeline: Pipeline, spec: Spec) -> None:
        self.pipeline = pipeline
        self.rounds: list[Timed] = []
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.worker", pipeline, json.dumps(asdict(spec))],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return the worker; its process is already starting."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def await_ready(self) -> None:
        """Return when the process waits for its next round."""
        self._read()

    def run_round(self) -> None:
        """Let the process train one round and keep its figures."""
        if self._process.stdin is None:
            raise RuntimeError("A worker has a standard input.")
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self.rounds.append(Timed(**self._read()))

    def finish(self) -> dict[str, Any]:
        """Return what the process says in the end."""
        result: dict[str, Any] = self._read()
        return result

    def _read(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise ConfigError(f"The pipeline '{self.pipeline}' ended early; what it said is above.")
        return json.loads(line)


def compare(spec: Spec, console: Console) -> dict[str, Any]:
    """Run both pipelines in turns and return the figures.

    Raises:
        ConfigError: a pipeline ended early.
    """
    with ExitStack() as stack, console.status("Starting both pipelines") as status:
        plain = stack.enter_context(Worker("plain", spec))
        ours = stack.enter_context(Worker("ours", spec))
        for number in range(1, spec.rounds + 1):
            # A worker that has nothing to do waits, so it costs the other nothing.
            plain.await_ready()
            ours.await_ready()
            for worker in (plain, ours) if number % 2 else (ours, plain):
                status.update(f"Round {number} of {spec.rounds}: {worker.pipeline}")
                worker.run_round()
        status.update("The same with other seeds, to see how much the loss varies by itself")
        results = {worker.pipeline: worker.finish() for worker in (plain, ours)}
    rounds: dict[Pipeline, list[Timed]] = {"plain": plain.rounds, "ours": ours.rounds}
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
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            file = data or _starter_rows(Path(scratch) / "starter.jsonl")
            available = _prepare(file, Path(scratch) / "prepared", quick=quick)
            spec = Spec(
                data=str(file),
                prepared=str(Path(scratch) / "prepared"),
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
    except SupportBotError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_FAULT) from None
    settings = {
        name: value for name, value in asdict(spec).items() if name not in ("data", "prepared")
    }  # paths are nobody's business
    record |= {
        "data": "starter" if data is None else data.name,
        "settings": settings,
        "machine": describe_machine() | {"threads": spec.threads},
    }
    json_file.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    Console().print(build_table(record))


def _starter_rows(path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for topic in load_faq().topics:
            for wording in topic.wordings:
                file.write(json.dumps({"question": wording, "answer": topic.answer}) + "\n")
    return path


def _prepare(data: Path, output_dir: Path, *, quick: bool) -> int:
    """Encode the rows once for both pipelines; return how many there are to train on."""
    run = parse_pipeline("ours", data, output_dir, _SEEDS[0])
    return asyncio.run(prepare(run, FileRows(data), build_tokenizer(quick=quick))).taken


if __name__ == "__main__":
    typer.run(main)

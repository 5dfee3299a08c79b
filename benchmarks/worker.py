"""One pipeline in its own process, trained in rounds: after each it waits for the next message.

So two pipelines take turns on one machine and meet the same disturbances, each with its own peak of memory. The
time is that of a whole run of ``Trainer.train``: loading rows, padding, computing, stepping. A first pass over the
longest rows keeps first allocations out of the figures.

It communicates through ``benchmarks.turns``.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import datasets
import torch
from datasets import Dataset
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.utils import logging as transformers_logging

from benchmarks.model import build_tokenizer
from benchmarks.pipelines import Pipeline, build_trainer, parse_pipeline
from benchmarks.turns import Channel, own_stdout
from training.dataset import PaddingCollator
from training.finetune.data import load_prepared

ROWS_SEED = 42
_MICRO = 2
"""Rows of the pass before the measurement, as in the documented batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """The common parameters of the compared pipelines.

    Attributes:
        data: the JSONL file; its rows are prepared in ``prepared``.
        prepared: output directory that the rows were prepared for.
        seeds: of the runs; the first is timed, the others only show how much the loss varies.
        rounds: parts of the timed run.
        steps: of the optimizer in a round.
        rows: trained on, once each.
        probe_rows: held-out rows that are measured with after each round.
        quick: whether the model is a small one.
        threads: of torch.
    """

    data: str
    prepared: str
    seeds: list[int]
    rounds: int
    steps: int
    rows: int
    probe_rows: int
    quick: bool
    threads: int


@dataclass(slots=True)
class Curves:
    """The result of a run: the loss of each step, and that of the held-out rows after each round."""

    train: list[float] = field(default_factory=list)
    probe: list[float] = field(default_factory=list)


class Rounds(TrainerCallback):
    """Times each round, measures the loss after it, and waits in between."""

    def __init__(self, spec: Spec, probe: dict[str, torch.Tensor], channel: Channel | None) -> None:
        self.curves = Curves()
        self.trainer: Trainer | None = None
        self._spec = spec
        self._probe = probe
        self._channel = channel
        self._seen = _Positions()
        self._began = (0.0, 0.0)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Warm up, then wait for the first round."""
        model: torch.nn.Module = kwargs["model"]
        model.train()
        first = {name: tensor[:_MICRO].to(args.device) for name, tensor in self._probe.items()}
        model(**first).loss.backward()
        model.zero_grad()
        model.register_forward_pre_hook(self._seen.count, with_kwargs=True)
        self._wait()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close a round when it is full."""
        if state.global_step % self._spec.steps:
            return
        if args.device.type == "cuda":
            torch.cuda.synchronize()
        seconds, cpu_seconds = (now - then for now, then in zip(_clocks(), self._began, strict=True))
        positions, tokens = self._seen.take()
        self.curves.probe.append(_measure(kwargs["model"], self._probe, args.device))
        if self._channel is not None:
            figures = {"seconds": seconds, "cpu_seconds": cpu_seconds, "positions": positions, "tokens": tokens}
            self._channel.send(figures)
        if state.global_step < state.max_steps:
            self._wait()

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Keep the loss of the step."""
        logs: dict[str, float] = kwargs["logs"]
        if "loss" in logs:
            self.curves.train.append(logs["loss"])

    def _wait(self) -> None:
        if self._channel is not None:
            self._channel.wait()
        self._began = _clocks()


class _Positions:
    """Counts the inputs of a model in training."""

    def __init__(self) -> None:
        self._positions = 0
        self._tokens = 0

    def count(self, model: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if model.training:
            self._positions += kwargs["input_ids"].numel()
            self._tokens += int(kwargs["attention_mask"].sum())

    def take(self) -> tuple[int, int]:
        """Return the positions, and the tokens among them, since the last call."""
        counted = self._positions, self._tokens
        self._positions = self._tokens = 0
        return counted


def main(pipeline: Pipeline, spec: Spec, channel: Channel) -> None:
    """Train once in rounds, then once with each further seed, and send the results."""
    torch.set_num_threads(spec.threads)
    transformers_logging.set_verbosity_error()
    datasets.disable_progress_bars()
    curves = [_train(pipeline, spec, spec.seeds[0], channel)]
    peak = _peak_memory_mb()
    if pipeline == "ours":
        curves += [_train(pipeline, spec, seed, None) for seed in spec.seeds[1:]]
    channel.send({"peak_memory_mb": round(peak, 1), "curves": [asdict(one) for one in curves]})


def _train(pipeline: Pipeline, spec: Spec, seed: int, channel: Channel | None) -> Curves:
    tokenizer = build_tokenizer(tiny=spec.quick)
    run = parse_pipeline(pipeline, Path(spec.data), Path(spec.prepared), seed)
    prepared = load_prepared(run)
    rows: Dataset = prepared.train.shuffle(seed=ROWS_SEED, keep_in_memory=True).select(range(spec.rows))
    held_out = prepared.train if prepared.held_out is None else prepared.held_out
    held_out = held_out.select(range(min(spec.probe_rows, len(held_out)))).to_list()
    held_out.sort(key=lambda row: int(row["length"]), reverse=True)
    rounds = Rounds(spec, PaddingCollator(int(tokenizer.pad_token_id))(held_out), channel)
    build_trainer(pipeline, run, rows, tokenizer, [rounds], quick=spec.quick).train()
    return rounds.curves


def _measure(model: torch.nn.Module, probe: dict[str, torch.Tensor], device: torch.device) -> float:
    """Return the loss of the held-out rows; changes neither the model's mode nor the random state."""
    model.eval()
    with torch.inference_mode():
        loss = float(model(**{name: tensor.to(device) for name, tensor in probe.items()}).loss)
    model.train()
    return loss


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _peak_memory_mb() -> float:
    """Return the peak memory: of the GPU if there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    with own_stdout() as lines_out:
        asked = Spec(**json.loads(sys.argv[2]))
        main(cast("Pipeline", sys.argv[1]), asked, Channel(sys.stdin, lines_out))

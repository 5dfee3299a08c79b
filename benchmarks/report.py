"""The figures of two pipelines' rounds: rates, their ratio, and whether losses differ by more than noise.

This module knows no process and no model; it computes with numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Any

from rich.table import Table
from scipy.stats import t as student


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One round. ``positions`` were computed; ``tokens`` of them are no padding."""

    seconds: float
    cpu_seconds: float
    positions: int
    tokens: int


def build_record(
    rounds: Mapping[Any, Sequence[Timed]], results: Mapping[Any, Mapping[str, Any]], *, rows: int, steps: int
) -> dict[str, Any]:
    """Return the figures for the record.

    Args:
        rounds: of the pipelines ``plain`` and ``ours``.
        results: of the same pipelines: ``peak_memory_mb``, and the ``curves`` of each seed.
        rows: learned in a round.
        steps: of the optimizer in a round.
    """
    figures = {
        name: _figures(timed, rows, steps) | {"peak_memory_mb": results[name]["peak_memory_mb"]}
        for name, timed in rounds.items()
    }
    plain, ours = figures["plain"], figures["ours"]
    by_round = [slow.seconds / fast.seconds for slow, fast in zip(rounds["plain"], rounds["ours"], strict=True)]
    return {
        # Over the whole run, in which both learned the same rows.
        "ratio": round(ours["examples_per_second"] / plain["examples_per_second"], 3),
        "median_ratio_of_rounds": round(median(by_round), 3),
        "tokens_ratio": round(ours["tokens_per_second"] / plain["tokens_per_second"], 3),
        # Of processor seconds, which other processes change least.
        "cpu_ratio": round(plain["cpu_seconds"] / ours["cpu_seconds"], 3),
        "pipelines": figures,
        "loss": compare_losses(results["plain"]["curves"], results["ours"]["curves"]),
    }


def compare_losses(plain: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return both curves, their difference, and the expected range of another run of ours.

    The range is the 95 % prediction interval from our runs, which differ by seed: in the order of rows and in
    dropout.

    Args:
        plain: the one run of the plain pipeline.
        ours: at least two runs of ours; the first has the seed of the plain one.
    """
    runs = [run["probe"] for run in ours]
    differences, noise = [], []
    for number, measured in enumerate(plain[0]["probe"]):
        losses = [run[number] for run in runs]
        differences.append(measured - fmean(losses))
        quantile = float(student.ppf(0.975, len(losses) - 1))
        noise.append(quantile * stdev(losses) * (1 + 1 / len(losses)) ** 0.5)
    return {
        "train": {"plain": plain[0]["train"], "ours": ours[0]["train"]},
        "held_out": {"plain": plain[0]["probe"], "ours": runs[0], "ours_other_seeds": runs[1:]},
        "difference": differences,
        "noise": noise,
        "within_noise": all(abs(one) <= other for one, other in zip(differences, noise, strict=True)),
    }


def build_table(record: Mapping[str, Any]) -> Table:
    """Return the figures for people."""
    plain, ours = record["pipelines"]["plain"], record["pipelines"]["ours"]
    table = Table("", "plain", "ours", "ratio", title="Fine-tuning, the same rows in the same steps")
    table.add_row(
        "examples/s",
        f"{plain['examples_per_second']:.2f}",
        f"{ours['examples_per_second']:.2f}",
        f"{record['ratio']:.2f}",
    )
    table.add_row(
        "tokens/s",
        f"{plain['tokens_per_second']:.0f}",
        f"{ours['tokens_per_second']:.0f}",
        f"{record['tokens_ratio']:.2f}",
    )
    table.add_row(
        "processor seconds",
        f"{plain['cpu_seconds']:.1f}",
        f"{ours['cpu_seconds']:.1f}",
        f"{record['cpu_ratio']:.2f}",
    )
    table.add_row("padding", f"{plain['padding_share']:.0%}", f"{ours['padding_share']:.0%}", "")
    table.add_row("peak memory, MB", f"{plain['peak_memory_mb']:.0f}", f"{ours['peak_memory_mb']:.0f}", "")
    loss = record["loss"]
    table.add_row(
        "held-out loss at the end",
        f"{loss['held_out']['plain'][-1]:.3f}",
        f"{loss['held_out']['ours'][-1]:.3f}",
        "within noise" if loss["within_noise"] else "NOT within noise",
    )
    return table


def _figures(rounds: Sequence[Timed], rows: int, steps: int) -> dict[str, Any]:
    seconds = sum(timed.seconds for timed in rounds)
    tokens = sum(timed.tokens for timed in rounds)
    return {
        "examples_per_second": rows * len(rounds) / seconds,
        "tokens_per_second": tokens / seconds,
        "seconds_per_step": seconds / (steps * len(rounds)),
        "seconds_of_rounds": [round(timed.seconds, 3) for timed in rounds],
        "cpu_seconds": sum(timed.cpu_seconds for timed in rounds),
        "padding_share": 1 - tokens / sum(timed.positions for timed in rounds),
    }

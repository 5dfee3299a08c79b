"""The figures of all peers' turns: rates, ratios to ours, and growth of cost.

A ratio compares two peers in the same round, and its median is taken, so other work of the machine affects both.

This module knows no process and no model; it computes with numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One turn of one peer, measured from outside and inside.

    Attributes:
        at_once: simultaneous answers.
        answers: their total number.
        seconds: until the last of them was complete.
        tokens: of all answers.
        first_tokens: seconds from submitting to the first token, for each answer.
        cpu_seconds: of its processes.
        peak_memory_mb: of its processes together.
    """

    at_once: int
    answers: int
    seconds: float
    tokens: int
    first_tokens: list[float]
    cpu_seconds: float
    peak_memory_mb: float

    @property
    def tokens_per_second(self) -> float:
        """Of all answers together."""
        return self.tokens / self.seconds


def summarize(turns: Sequence[Measured], *, is_local: bool) -> dict[str, Any]:
    """Return the figures of equal turns: medians, and each rate.

    Args:
        turns: at least one.
        is_local: whether memory and processor time are those of the peer.
    """
    rates = [turn.tokens_per_second for turn in turns]
    figures: dict[str, Any] = {
        "tokens_per_second": round(median(rates), 2),
        "tokens_per_second_of_rounds": [round(rate, 2) for rate in rates],
        "answer_seconds": round(median(turn.seconds * turn.at_once / turn.answers for turn in turns), 4),
        "first_token_seconds": round(median(median(turn.first_tokens) for turn in turns), 4),
        "slowest_first_token_seconds": round(median(max(turn.first_tokens) for turn in turns), 4),
    }
    if is_local:
        figures["cpu_seconds_per_answer"] = round(median(turn.cpu_seconds / turn.answers for turn in turns), 4)
        figures["peak_memory_mb"] = round(max(turn.peak_memory_mb for turn in turns), 1)
    return figures


def ratio_of_rounds(ours: Sequence[Measured], theirs: Sequence[Measured]) -> float:
    """Return the median over the rounds of the ratio of our tokens a second to the peer's."""
    pairs = zip(ours, theirs, strict=True)
    return round(median(one.tokens_per_second / other.tokens_per_second for one, other in pairs), 3)


def build_ratios(
    rounds: Mapping[str, Mapping[int, Sequence[Measured]]], ours: str, peer: str
) -> dict[str, float] | None:
    """Return the ratio to a peer at each number at once, or None if that peer was not measured."""
    if peer not in rounds or ours not in rounds:
        return None
    return {str(at_once): ratio_of_rounds(turns, rounds[peer][at_once]) for at_once, turns in rounds[ours].items()}


def build_table(record: Mapping[str, Any]) -> Table:
    """Return the figures of the peers for people."""
    numbers = record["settings"]["at_once"]
    table = Table(title=f"Tokens/s of all answers, {' / '.join(map(str, numbers))} at once")
    table.add_column("", no_wrap=True)
    for heading in (*map(str, numbers), "first token", "CPU s an answer", "memory", "start"):
        table.add_column(heading, justify="right")
    busiest = str(numbers[-1])
    for name, peer in record["peers"].items():
        figures = peer["at_once"]
        rates = (f"{figures[str(at_once)]['tokens_per_second']:,.0f}" for at_once in numbers)
        cpu, memory = (figures[busiest].get(key) for key in ("cpu_seconds_per_answer", "peak_memory_mb"))
        table.add_row(
            name,
            *rates,
            f"{figures[str(numbers[0])]['first_token_seconds'] * 1000:.0f} ms",
            "" if cpu is None else f"{cpu:.2f}",
            "" if memory is None else f"{memory:,.0f} MB",
            f"{peer['start']['first_answer_seconds']:.1f} s",
        )
    ratios = record["ratio_to_transformers"]
    if ratios:
        shown = " · ".join(f"{ratio:.2f} at {at_once}" for at_once, ratio in ratios.items())
        table.caption = f"{record['ours']} is so many times as fast as transformers: {shown}"
    return table

"""A chart of a record of ``benchmarks.generation``: the peers, and our cost by load and by length.

This module knows the record and matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluate.drawing import AGAINST, CANDIDATE

_SHADES = (0.35, 0.65, 1.0)
_BAR = 0.27
_DOTS_PER_INCH = 130


def draw_chart(record: Mapping[str, Any], path: Path) -> None:
    """Write the chart as a PNG."""
    has_growth = "load" in record
    figure = Figure(figsize=(12.6 if has_growth else 6.6, 4.2), layout="constrained")
    axes = figure.subplots(1, 3 if has_growth else 1, squeeze=False)[0]
    _draw_peers(axes[0], record)
    if has_growth:
        _draw_load(axes[1], record)
        _draw_length(axes[2], record)
    figure.savefig(path, format="png", dpi=_DOTS_PER_INCH)


def _draw_peers(axes: Axes, record: Mapping[str, Any]) -> None:
    names = list(record["peers"])
    numbers = record["settings"]["at_once"]
    for place, (at_once, shade) in enumerate(zip(numbers, _SHADES, strict=False)):
        rates = [record["peers"][name]["at_once"][str(at_once)]["tokens_per_second"] for name in names]
        heights = [row + (place - 1) * _BAR for row in range(len(names))]
        colours = [CANDIDATE if name == record["ours"] else AGAINST for name in names]
        bars = axes.barh(heights, rates, height=_BAR, color=colours, alpha=shade)
        axes.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=2, fontsize=7)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("tokens/s of all answers")
    axes.set_title(f"from pale to dark: {', '.join(map(str, numbers))} at once", fontsize=9)
    _tidy(axes)


def _draw_load(axes: Axes, record: Mapping[str, Any]) -> None:
    numbers = [row["at_once"] for row in record["load"]]
    rates = [row["tokens_per_second"] for row in record["load"]]
    axes.plot(numbers, rates, "o-", color=CANDIDATE, label="measured")
    ceilings = record["limits"]["ceilings"]
    memory = ceilings["one_at_once"]["8-bit weights"]
    axes.plot(numbers, [memory * number for number in numbers], ":", color=AGAINST, label="limit of memory")
    arithmetic = max(ceilings["many_at_once"].values())
    axes.axhline(arithmetic, linestyle="--", color=AGAINST, label="limit of arithmetic, 16 or 32 bits")
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.set_ylim(0, 1.1 * max(arithmetic, *rates))
    axes.set_xlabel("answers at once")
    axes.set_ylabel("tokens/s of all answers")
    axes.set_title("growth with load", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)


def _draw_length(axes: Axes, record: Mapping[str, Any]) -> None:
    for at_once, style in zip(record["settings"]["at_once"], ("o-", "s--"), strict=False):
        rows = [row for row in record["length"] if row["at_once"] == at_once]
        lengths, seconds = [row["new_tokens"] for row in rows], [row["answer_seconds"] for row in rows]
        axes.plot(lengths, seconds, style, color=CANDIDATE, label=f"{at_once} at once")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("new tokens")
    axes.set_ylabel("seconds until the answer is whole")
    axes.set_title("growth with length", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, alpha=0.2)
    axes.set_axisbelow(True)

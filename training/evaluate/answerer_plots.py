"""The plots of the whole answerer: the outcomes of questions, and the foreign ones that were answered.

Each line is one model in one mode, in the same order in both plots, so they can be compared.

This module knows a record of ``answerer.examine``; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from training.evaluate.answerer_figures import MODES, figure_of, models_of
from training.evaluate.drawing import AGAINST, CANDIDATE, add_legend, new_figure, to_svg

_OUTCOMES = {"right": ("#12876a", ""), "wrong": ("#c8502a", "////"), "not_sure": ("#6b737c", "")}
"""Distinguishable with all common forms of colour blindness; wrong answers are also hatched."""

_FOREIGN = {"marked": ("marked by a curator", CANDIDATE, "o"), "out_of_scope": ("out of scope", AGAINST, "s")}

_WIDE_ENOUGH = 0.09  # a share whose part of a bar has room for its number

_MODE_NAMES = {"verified_first": "approved first", "generate_only": "model alone"}


def answerer_plots(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the plots by their titles; None if there were no such questions."""
    return {
        "What people would be shown": outcomes_plot(record),
        "Foreign questions that were answered": foreign_plot(record),
    }


def outcomes_plot(record: Mapping[str, Any]) -> str | None:
    """Return bars of right, wrong and unsure answers, which add up to all questions, or None without any."""
    if not record["asked"]:
        return None
    lines = _lines(record)
    figure, axes = new_figure(height=_height(lines))
    begin = [0.0] * len(lines)
    for name, (colour, hatch) in _OUTCOMES.items():
        shares = [(figure_of(record[who][mode], name) or {"value": 0.0})["value"] for mode, who in lines]
        axes.barh(
            range(len(lines)),
            shares,
            left=begin,
            height=0.62,
            color=colour,
            edgecolor="white",
            linewidth=0.6,
            hatch=hatch,
            label=name.replace("_", " "),
        )
        for place, (left, share) in enumerate(zip(begin, shares, strict=True)):
            if share >= _WIDE_ENOUGH:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}  # no hatch behind the number
                middle = left + share / 2
                axes.text(middle, place, f"{share:.0%}", color="white", ha="center", va="center", bbox=box)
        begin = [left + share for left, share in zip(begin, shares, strict=True)]
    _finish(axes, record, lines, f"share of {record['asked']} questions")
    return to_svg(figure)


def foreign_plot(record: Mapping[str, Any]) -> str | None:
    """Return which share of each kind of foreign questions was answered, or None without any."""
    kinds = [kind for kind in _FOREIGN if record["foreign"][kind]]
    if not kinds:
        return None
    lines = _lines(record)
    figure, axes = new_figure(height=_height(lines))
    for number, kind in enumerate(kinds):
        name, colour, mark = _FOREIGN[kind]
        label = f"{name} ({record['foreign'][kind]})"
        for place, (mode, who) in enumerate(lines):
            found = figure_of(record[who][mode], f"foreign.{kind}")
            if found is not None:
                height = place + 0.15 * (2 * number - len(kinds) + 1)
                axes.plot([found["low"], found["high"]], [height] * 2, color=colour, linewidth=2.5)
                axes.plot([found["value"]], [height], mark, color=colour, markersize=6, label=label)
                label = "_"  # a word that begins so is left out of the legend: each kind has one
    _finish(axes, record, lines, "share that was answered, with 95 % interval")
    return to_svg(figure)


def _lines(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return mode and model of each line, from the top: the mode that is set first."""
    modes = sorted(MODES, key=lambda mode: mode != record["mode"])
    return [(mode, who) for mode in modes for who in models_of(record)]


def _height(lines: list[tuple[str, str]]) -> float:
    return 1.35 + 0.42 * len(lines)


def _finish(axes: Axes, record: Mapping[str, Any], lines: list[tuple[str, str]], label: str) -> None:
    names = [f"{who},\n{_MODE_NAMES[mode]}{' (set)' if mode == record['mode'] else ''}" for mode, who in lines]
    axes.set_yticks(range(len(lines)), names)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlim(-0.005, 1.005)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(label)
    axes.grid(visible=False, axis="y")
    add_legend(axes, above=True)

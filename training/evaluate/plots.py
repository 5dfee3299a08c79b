"""The plots of a report, as SVG that goes into the page and takes its colours from it.

Text and lines are drawn in a marker colour that becomes ``currentColor``, so one drawing suits a light page and a
dark one. Every plot has a word beside each mark; colour alone carries nothing.

This module knows the record of an evaluation and matplotlib; it writes no file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluate.figures import LABELS

CANDIDATE, AGAINST = "#3b82c4", "#d9822b"
"""Told apart by all common forms of colour blindness, and readable on white and on black."""

_INK = "#010203"  # stands for the colour of the page's text

_SHARES = ("right", "right_greedy", "learned_right", "rouge_l", "out_of_scope_refused", "out_of_scope_auroc")
_SHARES_TOO = ("confidence_auroc", "replay_f1", "repetition", "distinct_2")


def differences_plot(record: Mapping[str, Any]) -> str | None:
    """Return the differences of all figures between 0 and 1 with their intervals, or None if there are none."""
    names = [name for name in (*_SHARES, *_SHARES_TOO) if name in record["differences"]]
    if not names:
        return None
    figure, axes = _figure(height=0.9 + 0.36 * len(names))
    axes.axvline(0, color=_INK, linewidth=0.8)
    for place, name in enumerate(reversed(names)):
        difference = record["differences"][name]
        value, low, high = difference["value"], difference["low"], difference["high"]
        axes.plot([low, high], [place, place], color=CANDIDATE, linewidth=2.5, solid_capstyle="butt")
        axes.plot([value], [place], "o", color=CANDIDATE, markersize=6)
    axes.set_yticks(range(len(names)), [_label(name) for name in reversed(names)])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("candidate minus against, with 95 % interval")
    return _svg(figure)


def reliability_plot(record: Mapping[str, Any]) -> str | None:
    """Return how often answers are good at each confidence, or None with too few answers."""
    kinds = {
        "candidate": ("candidate, right on held-out rows", CANDIDATE, "o-"),
        "against": ("against, right on held-out rows", AGAINST, "s-"),
        "votes": ("against, liked in past votes", AGAINST, "^:"),
    }
    shown = {kind: points for kind in kinds if (points := record["calibration"][kind]["reliability"])}
    if not shown:
        return None
    figure, axes = _figure(height=3.2)
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle="--", label="confidence is the share")
    for kind, points in shown.items():
        label, colour, style = kinds[kind]
        axes.plot(*zip(*points, strict=True), style, color=colour, label=label, markersize=5)
    axes.set_xlabel("probability a token, first 8 tokens")
    axes.set_ylabel("share that is good")
    axes.set_ylim(-0.03, 1.03)
    _legend(axes)
    return _svg(figure)


def lengths_plot(candidate: list[int], against: list[int]) -> str:
    """Return a histogram of the answers' lengths in tokens."""
    figure, axes = _figure(height=2.8)
    edges = np.linspace(0, max([*candidate, *against, 1]) + 1, 25).tolist()
    axes.hist(against, bins=edges, histtype="stepfilled", color=AGAINST, alpha=0.45, label="against")
    axes.hist(candidate, bins=edges, histtype="step", color=CANDIDATE, linewidth=2, label="candidate")
    axes.set_xlabel("tokens an answer")
    axes.set_ylabel("answers")
    _legend(axes)
    return _svg(figure)


def _label(name: str) -> str:
    better = {"up": " ↑", "down": " ↓", "either": ""}[LABELS[name].good]
    return LABELS[name].text + better


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.2, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.grid(visible=True, color=_INK, alpha=0.12, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK)
    for name, spine in axes.spines.items():
        spine.set_color(_INK)
        spine.set_visible(name in {"left", "bottom"})
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    return figure, axes


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, labelcolor=_INK, fontsize=9)


def _svg(figure: Figure) -> str:
    """Return the drawing alone, without the XML head that HTML doesn't want."""
    file = io.StringIO()
    # A fixed salt makes the same data the same file; text stays text, so it can be read aloud and searched.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "evaluation", "font.family": "sans-serif"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :].replace(_INK, "currentColor")

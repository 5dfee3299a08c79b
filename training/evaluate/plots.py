"""The plots of a comparison of two models: differences, confidence against truth, lengths.

This module knows the record of an evaluation; ``drawing`` puts plots into the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.evaluate.drawing import AGAINST, CANDIDATE, INK, add_legend, new_figure, to_svg
from training.evaluate.figures import LABELS

_SHARES = ("right", "right_greedy", "learned_right", "rouge_l", "out_of_scope_refused", "out_of_scope_auroc")
_SHARES_TOO = ("confidence_auroc", "replay_f1", "repetition", "distinct_2")


def differences_plot(record: Mapping[str, Any]) -> str | None:
    """Return the differences of all figures between 0 and 1 with their intervals, or None if there are none."""
    names = [name for name in (*_SHARES, *_SHARES_TOO) if name in record["differences"]]
    if not names:
        return None
    figure, axes = new_figure(height=0.9 + 0.36 * len(names))
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, name in enumerate(reversed(names)):
        difference = record["differences"][name]
        value, low, high = difference["value"], difference["low"], difference["high"]
        axes.plot([low, high], [place, place], color=CANDIDATE, linewidth=2.5, solid_capstyle="butt")
        axes.plot([value], [place], "o", color=CANDIDATE, markersize=6)
    axes.set_yticks(range(len(names)), [_label(name) for name in reversed(names)])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("candidate minus against, with 95 % interval")
    return to_svg(figure)


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
    figure, axes = new_figure(height=3.2)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", label="confidence is the share")
    for kind, points in shown.items():
        label, colour, style = kinds[kind]
        axes.plot(*zip(*points, strict=True), style, color=colour, label=label, markersize=5)
    axes.set_xlabel("probability a token, first 8 tokens")
    axes.set_ylabel("share that is good")
    axes.set_ylim(-0.03, 1.03)
    add_legend(axes)
    return to_svg(figure)


def lengths_plot(candidate: list[int], against: list[int]) -> str:
    """Return a histogram of the answers' lengths in tokens."""
    figure, axes = new_figure(height=2.8)
    edges = np.linspace(0, max([*candidate, *against, 1]) + 1, 25).tolist()
    axes.hist(against, bins=edges, histtype="stepfilled", color=AGAINST, alpha=0.45, label="against")
    axes.hist(candidate, bins=edges, histtype="step", color=CANDIDATE, linewidth=2, label="candidate")
    axes.set_xlabel("tokens an answer")
    axes.set_ylabel("answers")
    add_legend(axes)
    return to_svg(figure)


def _label(name: str) -> str:
    better = {"up": " ↑", "down": " ↓", "either": ""}[LABELS[name].good]
    return LABELS[name].text + better

"""Plots in the page of a report: SVG with the page's colours.

Text and lines are drawn in a marker colour that becomes ``currentColor``, so one drawing suits a light page and a
dark one. Every mark has a word beside it; no plot relies on colour alone.

This module knows matplotlib; it knows no figure and writes no file.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

CANDIDATE, AGAINST = "#3b82c4", "#d9822b"
"""Distinguishable with all common forms of colour blindness, and readable on white and on black."""

INK = "#010203"  # becomes the colour of the page's text


def new_figure(height: float) -> tuple[Figure, Axes]:
    """Return an empty drawing of the page's width; ``height`` is in inches."""
    figure = Figure(figsize=(6.2, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK)
    for name, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(name in {"left", "bottom"})
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def add_legend(axes: Axes, *, above: bool = False) -> None:
    """Add the legend where there is room, or in a line above bars that leave none."""
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3} if above else {}
    axes.legend(frameon=False, labelcolor=INK, fontsize=9, **place)


def to_svg(figure: Figure) -> str:
    """Return the drawing alone, without the XML head that HTML doesn't want."""
    file = io.StringIO()
    # A fixed salt makes the same data the same file; text stays text, so it can be read aloud and searched.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "evaluation", "font.family": "sans-serif"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")

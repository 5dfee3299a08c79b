"""The figures of the whole answerer as people read them: a table in the terminal, and rows of the page.

One list has each figure's name in both places and which direction is good. A figure that the record lacks, such as
foreign questions if nobody marked any, is a dash.

This module knows a record of ``answerer.examine``; it computes nothing and draws nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from training.evaluate.figures import Label
from training.evaluate.floors import Kind
from training.evaluate.record import BESIDE

MODES: Mapping[str, str] = {
    "verified_first": "Approved answers first, the model for the rest",
    "generate_only": "The model alone",
}
"""What the modes mean, for somebody who has never set one."""


@dataclass(frozen=True, slots=True)
class _Figure:
    short: str  # in the terminal, whose readers typed the command
    label: Label


_FIGURES: Mapping[str, _Figure] = {
    "right": _Figure("right", Label("a right answer", ".1%", "up")),
    "wrong": _Figure("wrong", Label("a wrong answer", ".1%", "down")),
    "not_sure": _Figure("not sure", Label("“I am not sure”", ".1%", "either")),
    "coverage": _Figure("coverage", Label("any answer at all, right or wrong", ".1%", "either")),
    "verified": _Figure("verified", Label("… an approved one, word for word", ".1%", "either")),
    "generated": _Figure("generated", Label("… one in the model's words", ".1%", "either")),
    "foreign.marked": _Figure(
        "marked as foreign, answered", Label("of those marked as foreign: an answer", ".1%", "down")
    ),
    "foreign.out_of_scope": _Figure(
        "out of scope, answered", Label("of those out of scope: an answer", ".1%", "down")
    ),
}


def models_of(record: Mapping[str, Any]) -> list[str]:
    """Return the examinees: the candidate, if there is one, and the model compared with."""
    return [who for who in ("candidate", "against") if who in record]


def figure_of(figures: Mapping[str, Any], name: str) -> Mapping[str, float] | None:
    """Return a figure with the ends of its interval, or None if there were no such questions.

    Args:
        figures: of one model in one mode.
        name: of the figure; after a dot that of a kind of foreign questions.
    """
    found: Any = figures
    for part in name.split("."):
        found = found[part]
    return found  # type: ignore[no-any-return]


def build_answerer_table(record: Mapping[str, Any]) -> Table:
    """Return the figures for the terminal, each with its 95 % interval."""
    whose = models_of(record)
    counts = record["foreign"]
    left_out = "".join(f"; {number} not measured, since {reason}" for reason, number in record["left_out"].items())
    title = (
        f"The whole answerer: {record['asked']} questions without their own wordings; "
        f"{counts['marked']} marked as foreign and {counts['out_of_scope']} out of scope{left_out}"
    )
    # Text, not markup: a version is a folder's name, and [these] would vanish from it.
    columns = [Column(Text(f"{who}\n{record[who]['version']}")) for who in whose]
    difference = ["difference"] if "differences" in record else []
    table = Table("mode", "figure", *columns, *difference, title=title, caption=beside_sentence(record))
    for mode in MODES:
        label = f"{mode}, set" if mode == record["mode"] else mode
        for name, figure in _FIGURES.items():
            cells = [_in_one(figure_of(record[who][mode], name)) for who in whose]
            if "differences" in record:
                cells.append(_in_one(figure_of(record["differences"][mode], name), sign="+"))
            table.add_row(label, figure.short, *cells)
            label = ""
        table.add_section()
    return table


def beside_sentence(record: Mapping[str, Any]) -> str | None:
    """Say when the candidate is heard beside approved answers; None if it is not asked there."""
    beside = record.get("candidate", {}).get(BESIDE)
    if beside is None:
        return None
    inside, marked, foreign = (beside[kind] for kind in Kind)
    least = (
        "whatever its confidence" if beside["floor"] is None else f"from a confidence of {beside['floor']:.5f} on"
    )
    return (
        f"When they refuse a question, the candidate's answer is used {least}. That shows, of {inside['answers']} "
        f"answers to held-out questions, {inside['right']} right and {inside['wrong']} wrong ones; of "
        f"{marked['answers']} to questions marked as foreign {marked['wrong']}, and of {foreign['answers']} to "
        f"others {foreign['wrong']}."
    )


def page_groups(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of each mode for the page, the mode that is set first."""
    return [
        {
            "title": MODES[mode],
            "mode": mode,
            "is_set": mode == record["mode"],
            "rows": [_page_row(record, mode, name, figure.label) for name, figure in _FIGURES.items()],
        }
        for mode in sorted(MODES, key=lambda mode: mode != record["mode"])
    ]


def _page_row(record: Mapping[str, Any], mode: str, name: str, label: Label) -> dict[str, Any]:
    cells = [_apart(figure_of(record[who][mode], name)) for who in models_of(record)]
    trend = ""
    if "differences" in record:
        difference = figure_of(record["differences"][mode], name)
        cells.append(_apart(difference, sign="+"))
        trend = "" if difference is None else label.trend(difference)
    return {"label": label.text, "is_part": label.text.startswith("…"), "cells": cells, "trend": trend}


def _apart(found: Mapping[str, float] | None, sign: str = "") -> tuple[str, str]:
    """Return a figure and its interval as text."""
    if found is None:
        return "–", ""
    value, low, high = (format(found[name], f"{sign}.1%") for name in ("value", "low", "high"))
    return value, f"{low} to {high}"


def _in_one(found: Mapping[str, float] | None, sign: str = "") -> str:
    value, interval = _apart(found, sign)
    return f"{value} ({interval})" if interval else value

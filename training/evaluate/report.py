"""A record as people read it: a table in the terminal, and one HTML page that needs nothing but itself.

The page comes from a template in this package that escapes everything: answers of a model and questions of
strangers are text, whatever they look like. The page is written before the JSON, each by replacement, so an
``evaluation.json`` is always complete and has its page.

This module knows a record and its folder; it computes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from rich.table import Column, Table
from rich.text import Text

from supportbot.models.publishing.checks import answerer_objection
from training.evaluate.answerer_figures import beside_sentence, page_groups
from training.evaluate.answerer_plots import answerer_plots
from training.evaluate.figures import LABELS, Label
from training.evaluate.plots import differences_plot, lengths_plot, reliability_plot
from training.evaluate.record import ANSWERER, PAGE, RECORD


def write_report(record: Mapping[str, Any], directory: Path, lengths: tuple[list[int], list[int]]) -> None:
    """Write the page and then the record into ``directory``.

    Args:
        record: from ``comparison.compare``.
        directory: created if it is not there.
        lengths: tokens of each held-out answer, of the candidate and of the other.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / PAGE, render_page(record, lengths))
    _replace(directory / RECORD, json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def render_page(record: Mapping[str, Any], lengths: tuple[list[int], list[int]]) -> str:
    """Return the HTML page of a record."""
    plots = {
        "Differences": differences_plot(record),
        "Confidence and truth": reliability_plot(record),
        "Length of the answers": lengths_plot(*lengths),
    }
    answerer = record.get(ANSWERER)
    environment = Environment(
        loader=PackageLoader("training.evaluate", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        record=record,
        figures=_rows(record),
        plots=_drawn(plots),
        answerer=answerer,
        answerer_beside=beside_sentence(answerer) if answerer else None,
        answerer_groups=page_groups(answerer) if answerer else [],
        answerer_plots=_drawn(answerer_plots(answerer)) if answerer else [],
        answerer_objection=answerer_objection(answerer) if answerer else None,
    )


def build_table(record: Mapping[str, Any]) -> Table:
    """Return the figures for the terminal."""
    learned = f", {record['learned_rows']} that the other learned" if record["learned_rows"] else ""
    # Text, not markup: a version is a folder's name, and [these] would vanish from it.
    table = Table(
        "figure",
        Column(Text(f"candidate\n{record['candidate']['version']}")),
        Column(Text(f"against\n{record['against']['version']}")),
        "difference",
        "95 % interval",
        title=f"{record['rows']} held-out rows{learned}",
    )
    for row in _rows(record):
        style = {"better": "green", "worse": "red"}.get(row["trend"], "")
        cells = (row["candidate"], row["against"], row["difference"])
        table.add_row(row["label"], *cells, row["interval"], style=style)
    return table


def _drawn(plots: Mapping[str, str | None]) -> list[tuple[str, Markup]]:
    """Return the existing plots, each with its title."""
    # Drawn by us from numbers and our own labels, so this is markup and no text of strangers.
    return [(title, Markup(svg)) for title, svg in plots.items() if svg]  # noqa: S704


def _rows(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the figures as text, in order, each with whether the difference is a gain beyond chance."""
    rows = []
    for name, label in LABELS.items():
        mine, theirs = record["candidate"].get(name), record["against"].get(name)
        if mine is None and theirs is None:
            continue
        difference = record["differences"].get(name)
        rows.append(
            {
                "label": label.text,
                "candidate": "–" if mine is None else format(mine, label.format),
                "against": "–" if theirs is None else format(theirs, label.format),
                "difference": "–" if difference is None else format(difference["value"], "+" + label.format),
                "interval": "–" if difference is None else _interval(difference, label),
                "trend": "" if difference is None else label.trend(difference),
            }
        )
    return rows


def _interval(difference: Mapping[str, float], label: Label) -> str:
    return f"{difference['low']:+{label.format}} to {difference['high']:+{label.format}}"


def _replace(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, never finds half of it."""
    staged = path.with_name(f".{path.name}.new")
    with staged.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)

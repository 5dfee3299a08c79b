"""A chart with its text alternative: a table with the same numbers, which anybody may open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import nicegui
from nicegui import ui

from bot.web.nodes import node
from supportbot.words import Words

_ECHARTS = Path(nicegui.__file__).parent / "elements" / "echart" / "dist"

Options = Mapping[str, object]


FONT = "Roboto, system-ui, sans-serif"
"""That of the pages. ECharts lays texts out by their width, and of "inherit" it knows none."""


class Chart(ui.element, component="chart.js", esm={"nicegui-echart": str(_ECHARTS)}):
    """A chart.

    Args:
        label: what it shows, for who cannot see it.
        options: as ECharts takes them; ``var(--name)`` is a colour of the style sheet.
    """

    def __init__(self, label: str, options: Options) -> None:
        super().__init__()
        self.show(label, options)

    def show(self, label: str, options: Options) -> None:
        """Show something else."""
        self._props["label"] = label
        self._props["options"] = dict(options)
        self.update()


def build_chart(
    title: str, options: Options, head: Sequence[str], rows: Sequence[Sequence[str]], words: Words
) -> None:
    """Show a chart under its title, and the same numbers as a table.

    Args:
        title: what it shows.
        options: as for ``Chart``.
        head: the table's headings.
        rows: its cells.
        words: the console's own.
    """
    with node("figure", classes="card"):
        node("figcaption", title)
        Chart(title, options)
        with node("details"):
            node("summary", words.say("Show as a table"))
            build_table(head, rows)


def build_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a table; the first cell of each row names it."""
    with node("table"):
        with node("thead"), node("tr"):
            for cell in head:
                node("th", cell, scope="col")
        with node("tbody"):
            for row in rows:
                with node("tr"):
                    node("th", row[0], scope="row", dir="auto")
                    for label, cell in zip(head[1:], row[1:], strict=True):
                        node("td", cell, data_label=label)


def axes(categories: Sequence[str], *, lies: bool = False) -> dict[str, object]:
    """Return the part of the options that all charts share.

    Args:
        categories: what is counted, in order.
        lies: whether the bars lie, which leaves room for long names.
    """
    text = {"color": "var(--muted)", "fontSize": 12}
    names = {
        "type": "category",
        "data": list(categories),
        "axisLabel": {**text, "width": 110, "overflow": "truncate"} if lies else text,
        "axisLine": {"lineStyle": {"color": "var(--line)"}},
        "axisTick": {"show": False},
        "inverse": lies,
    }
    numbers = {
        "type": "value",
        "minInterval": 1,
        "axisLabel": text,
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
    }
    across, up = (numbers, names) if lies else (names, numbers)
    return {
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 8, "containLabel": True},
        "textStyle": {"fontFamily": FONT},
        # Drawn, not HTML: what is named here was named elsewhere.
        "tooltip": {"trigger": "axis", "renderMode": "richText", "axisPointer": {"type": "shadow"}},
        "xAxis": across,
        "yAxis": up,
    }
